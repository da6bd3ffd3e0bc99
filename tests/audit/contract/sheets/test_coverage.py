"""The coverage table says of no question that it is answered where it is not, and the guide is whole."""

from copy import deepcopy
from pathlib import Path
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


def test_every_point_of_the_articles_has_its_line() -> None:
    places = " ".join(item.place for item in ITEMS)
    points = [f"Annex IV 1({c})" for c in "abcdefgh"] + [f"Annex IV 2({c})" for c in "abcdefgh"]
    points += [f"Annex IV {number}" for number in range(3, 10)] + [f"Art. 13(3)({c})" for c in "abcdef"]
    points += ["Art. 13(1)", "Art. 13(2)", *(f"Art. 14({number})" for number in range(1, 6)), "Art. 86"]
    assert not [point for point in points if point not in places]


def test_a_file_of_rules_and_three_photos_cover_nothing(report: dict[str, Any], tmp_path: Path) -> None:
    few = made_report(tmp_path, count=3, wrong=lambda number: [0.1]) | {"scope": None, "sheets": []}
    few["rules"] = {"met": False, "outcomes": [{"verdict": "not_measured"}]}
    found = status(few)
    assert {found[name] for name in ("iv_metrics", "n_validated", "a13_accuracy", "c_correctness")} == {"not_covered"}
    ruled = {**report, "rules": {"met": True, "outcomes": [{"verdict": "passed"}]}}
    assert status(ruled)["iv_metrics"] == status(ruled)["n_validated"] == status(ruled)["a13_output"] == "partly"


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
