"""The report fits on paper: no table has more columns than a page holds, whatever was measured."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.audit.made import METHOD, MODEL, SETTINGS, rows_of, write_rows
from vtviz.attribution.registry import methods
from vtviz.audit.audit import make_report
from vtviz.audit.report.html import ACROSS, to_html
from vtviz.audit.settings import RANDOM
from vtviz.metrics.registry import metrics


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_table_is_wider_than_a_page(tmp_path: Path, language: str) -> None:
    settings = replace(SETTINGS, metrics=tuple(metrics()))
    rows = rows_of(tmp_path, 8, groups=[f"group {number}" for number in range(8)])
    values = {name: lambda number, _: number / 10 for name in metrics()}
    path = write_rows(tmp_path / "out", rows, lambda n: 0.9 if n % 2 else 0.1, values, settings=settings)  # type: ignore[arg-type]
    report = make_report(rows, settings, [MODEL], path, {"made": {"sanity": {METHOD: []}, "heads": None}})
    names = [name for name in methods() if name != METHOD][:11]
    means = report["summary"]["metrics"]["made"]
    report["summary"]["metrics"]["made"] = {
        METHOD: means[METHOD],
        **dict.fromkeys(names, means[METHOD]),
        RANDOM: means[RANDOM],
    }
    report["methods"] |= {name: report["methods"][METHOD] for name in names}
    every = [METHOD, *names]
    agreement = {
        "methods": every,
        "rank": [[0.5] * len(every)] * len(every),
        "overlap": [[0.5] * len(every)] * len(every),
    }
    report["summary"]["agreement"] = {"made": {**agreement, "rows": []}}
    choices = [{"fill": "blur", "steps": 8, "means": dict.fromkeys(every, 0.5), "order": every}] * 6
    curve = {"choices": choices, "same": True, "best": 1.0, "tau": 1.0}
    report["summary"]["choices"] = {"made": {"rows": 8, "insertion": curve, "deletion": curve}}
    page = to_html(report | {"scope": None, "rules": None, "sheets": []}, {}, language)
    tables = re.findall(r"<table class=\"figures\">.*?</table>", page, re.DOTALL)
    widths = [
        len(re.findall(r"<t[hd]\b", row)) for table in tables for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
    ]
    assert len(tables) > 12 and max(widths) <= ACROSS + 2  # the name before them, and a plot or a sixth choice
    assert language == "en" or ("：" in page and "忠实：" in page)
