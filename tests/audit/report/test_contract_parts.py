"""The parts of report.html that an auditor signs, in both languages."""

from pathlib import Path

import pytest

from tests.audit.made import made_report
from vtviz.audit.contract.contract import NO_CONTRACT, read_contract
from vtviz.audit.report.html import to_html


@pytest.mark.parametrize(("language", "missing", "met"), [("en", "missing", "1 failed"), ("zh", "缺失", "1 条未通过")])
def test_scope_rules_model_and_gaps_are_told(tmp_path: Path, language: str, missing: str, met: str) -> None:
    (tmp_path / "scope.toml").write_text('system = "<i>Search</i>"')
    (tmp_path / "rules.toml").write_text(
        '[[rule]]\nname = "<b>sure</b>"\nmetric = "accuracy"\nat_least = 0.99\n'
        '[[rule]]\nmetric = "pointing"\nat_least = 0'
    )
    contract = read_contract(tmp_path / "scope.toml", tmp_path / "rules.toml")
    report = made_report(tmp_path, wrong=lambda number: [0.1, 0.8 if number % 7 == 0 else 0.2])
    page = to_html(report | contract.to_dict(report), {}, language)
    assert "&lt;i&gt;Search&lt;/i&gt;" in page and "&lt;b&gt;sure&lt;/b&gt;" in page and "<i>Search" not in page
    assert page.count(f'bad">{missing}') == 7 and met in page and "0.892" in page and "a 20, b 20" in page


def test_a_report_of_an_earlier_version_is_still_shown(tmp_path: Path) -> None:
    report = made_report(tmp_path)
    for part in ("model", "answers", "gaps"):
        del report["summary"][part]
    assert "insertion" in to_html(report, {}).lower()
    assert "scope.toml" in to_html(report | NO_CONTRACT.to_dict(report), {})
