"""The headline says no more than the figures do."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from tests.audit.made import METHOD, made_report
from vtviz.audit.report.headline import headlines, pictured, rejected, rows_needed
from vtviz.audit.report.html import to_html
from vtviz.audit.settings import RANDOM


def pointing(own: float, random: float) -> dict[str, Any]:
    """Values of a method that hits the first ``own`` of every ten rows, and a random ranking that hits ``random``."""
    return {"pointing": lambda n, method: float(n % 10 < (random if method == RANDOM else own))}


def checked(report: dict[str, Any], *verdicts: str) -> dict[str, Any]:
    names = ("cascading_randomisation", "independent_randomisation", "text_swap")
    checks = [{"check": name, "verdict": verdict} for name, verdict in zip(names, verdicts, strict=False)]
    result = deepcopy(report)
    result["summary"]["sanity"]["made"][METHOD] = checks
    return result


def test_few_rows_prove_nothing_and_many_do(tmp_path: Path) -> None:
    few, many = (
        headlines(made_report(tmp_path / str(count), count, values=pointing(8, 3)))[0]
        for count in (6, 60)
        if not (tmp_path / str(count)).mkdir()
    )
    assert few.key == "headline.points.few" and few.values["rows"] == 6 and few.values["needed"] >= 30
    assert few.lights["points_right"] == "unsure" and many.lights["points_right"] == "good"
    assert many.key == "headline.points.good" and many.values["hits"] == 48 and many.values["rows"] == 60


def test_a_map_that_is_worse_or_equal_is_not_asked_for_more_rows(tmp_path: Path) -> None:
    (tmp_path / "worse").mkdir(), (tmp_path / "equal").mkdir()  # type: ignore[func-returns-value]
    worse = headlines(made_report(tmp_path / "worse", 60, values=pointing(1, 8)))[0]
    equal = headlines(made_report(tmp_path / "equal", 60, values=pointing(5, 5)))[0]
    assert (worse.key, worse.lights["points_right"]) == ("headline.points.bad", "bad")
    assert (equal.key, equal.lights["points_right"]) == ("headline.points.unsure", "unsure")


def test_the_lights_follow_comparisons_and_checks_of_the_weights(tmp_path: Path) -> None:
    values = {"insertion": lambda n, m: 0.8 + n / 1000 if m == METHOD else 0.5, "deletion": lambda n, m: 0.5 + n / 1000}
    report = made_report(tmp_path, values=values)  # type: ignore[arg-type]
    (one,) = headlines(report)
    assert one.lights == {"faithful": "good", "points_right": "unsure", "depends_on_model": "unsure"}
    assert one.key == "headline.faithful.good"
    assert headlines(checked(report, "passed", "passed", "failed"))[0].lights["depends_on_model"] == "good"
    assert headlines(checked(report, "passed", "failed"))[0].lights["depends_on_model"] == "bad"
    against = deepcopy(report)
    next(item for item in against["summary"]["comparisons"] if item["metric"] == "deletion")["better"] = "second"
    assert headlines(against)[0].lights["faithful"] == "unsure"


def test_rows_needed_are_those_of_a_simulation() -> None:
    rng = np.random.default_rng(0)
    sample = rng.normal(0.2, 1.0, 40)
    half = 1.96 * sample.std() / np.sqrt(40)
    item = {"mean": 0.2, "low": 0.2 - half, "high": 0.2 + half, "n": 40}
    needed = rows_needed(item)
    assert needed is not None and 120 < needed < 320
    draws = rng.normal(0.2, float(sample.std()), (400, needed))
    power = float((ttest_1samp(draws, 0.0, axis=1).pvalue < 0.05).mean())
    assert power == pytest.approx(0.8, abs=0.07)
    assert rows_needed({**item, "mean": -0.2}) is None and rows_needed({**item, "n": 10_000, "low": 0.19}) is None


def test_the_model_and_four_pictures_are_on_the_first_page(tmp_path: Path) -> None:
    report = made_report(tmp_path)
    assert rejected(report) == [{"model": "made", "rejected": 8, "matches": 40}]
    kinds = [(case["kind"], case["method"]) for case in pictured(report)]
    assert kinds == [("best", METHOD), ("worst", METHOD)] * 2
    pictures = {case["picture"]: b"jpeg" for case in pictured(report)}
    for language, said in (("en", "made rejects 8 of 40"), ("zh", "40 段相符文本中的 8 段")):
        page = to_html(report, pictures, language)
        first = page[: page.index("<section>")]
        assert said in first and first.count("<img") == 4 and first.count('class="light') == 3
