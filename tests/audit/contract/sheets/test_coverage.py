"""The coverage table says of no question that it is answered where it is not, and the guide is whole."""

from copy import deepcopy
from typing import Any

import pytest

from tests.audit.made import made_report
from vtviz.audit.contract.sheets.coverage import ITEMS, PRESENT, coverage, coverage_html
from vtviz.audit.contract.sheets.guide import STEPS, guide_html
from vtviz.sentences import catalogue


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return made_report(tmp_path_factory.mktemp("report")) | {"scope": None, "rules": None, "sheets": []}


def status(report: dict[str, Any]) -> dict[str, str]:
    return {item.name: found for item, found in coverage(report)}


def test_what_the_report_lacks_is_not_covered(report: dict[str, Any]) -> None:
    found = status(report)
    assert found["a13_purpose"] == found["a86"].replace("partly", "not_covered") == "not_covered"
    assert found["a13_groups"] == "covered" and found["iv_tests"] == "partly" and found["iv_risk"] == "not_covered"
    more = deepcopy(report) | {"scope": {"fields": {"purpose": "x", "misuse": "y"}}}
    more["summary"]["gaps"] = []
    assert status(more)["a13_purpose"] == status(more)["a13_misuse"] == "covered"
    assert status(more)["a13_groups"] == "not_covered"


def test_questions_that_ask_for_more_are_never_covered_whole(report: dict[str, Any]) -> None:
    everything = {item.name for item, found in coverage(report) if found == "covered"}
    assert not everything & {item.name for item in ITEMS if not item.whole or "never" in item.needs}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_question_and_part_has_its_sentence(report: dict[str, Any], language: str) -> None:
    sentences = catalogue(language)
    page = coverage_html(report, language)
    assert all(sentences[f"contract.question.{item.name}"][:12] in page for item in ITEMS)
    assert {f"contract.part.{need}" for need in PRESENT if need != "never"} <= sentences.keys()
    assert {need for item in ITEMS for need in item.needs} <= PRESENT.keys()
    assert all(sentences[f"contract.guide.{name}.title"] in guide_html(language) for name in STEPS)
    for year in ("2024", "2025", "2026", "2027"):  # no dates of law
        assert year not in page and year not in guide_html(language)
