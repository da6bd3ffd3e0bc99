"""Questions for people, what is kept of their answers, and what they come to."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.audit.made import made_report, rows_of
from vtviz.audit.contract.bundle.verify import verify_bundle
from vtviz.audit.contract.bundle.write import BUNDLE, manifest_parts, write_bundle
from vtviz.audit.contract.sheets.coverage import PRESENT
from vtviz.audit.people.enter import enter_people
from vtviz.audit.people.questions import Question, draw_questions
from vtviz.audit.people.sessions import FOLDER, Answer, answer_to, people_results, save_session, sessions
from vtviz.audit.report.html import to_html, write_html
from vtviz.inputs import InputError
from vtviz.manifests.read import Manifest


@pytest.fixture
def audited(tmp_path: Path) -> tuple[Path, dict, Manifest]:  # type: ignore[type-arg]
    """40 rows; the model is wrong about every fifth."""
    report, manifest = made_report(tmp_path), rows_of(tmp_path, 40)
    (tmp_path / "out" / "report.json").write_text(json.dumps(report))
    return tmp_path / "out", report, manifest


def test_right_and_wrong_answers_are_mixed_with_and_without_maps(audited: tuple[Path, dict, Manifest]) -> None:  # type: ignore[type-arg]
    folder, report, manifest = audited
    questions = draw_questions(folder, report, manifest.rows, seed=0)
    assert Counter((q.right, bool(q.method)) for q in questions) == dict.fromkeys(
        ((True, True), (True, False), (False, True), (False, False)), 4
    )  # 8 wrong answers, so 8 right ones
    assert len({q.row for q in questions}) == 16 and all(q.right == (q.row % 5 != 0) for q in questions)
    assert {q.method for q in questions} == {"", "raw_attention"}
    assert [q.right for q in questions] != sorted((q.right for q in questions), reverse=True)
    assert questions == draw_questions(folder, report, manifest.rows, seed=0)
    shown = [{q.row for q in draw_questions(folder, report, manifest.rows, seed) if q.method} for seed in range(8)]
    assert all(any(row in rows for rows in shown) for row in range(5, 41, 5))  # everyone is shown other maps


def test_a_test_needs_wrong_answers(tmp_path: Path) -> None:
    report = made_report(tmp_path, count=10, score=lambda number: 0.2 if number == 1 else 0.9)
    with pytest.raises(InputError, match="9 right and 1 wrong"):
        draw_questions(tmp_path / "out", report, rows_of(tmp_path, 10).rows, seed=0)
    report["models"][0]["threshold"] = None
    with pytest.raises(InputError, match="decides nothing"):
        draw_questions(tmp_path / "out", report, rows_of(tmp_path, 10).rows, seed=0)


def test_rates_and_their_difference(tmp_path: Path) -> None:
    assert people_results(tmp_path) is None
    shown = [Answer(1, "occlusion", True, True)] * 56 + [Answer(2, "occlusion", False, True)] * 14
    hidden = [Answer(3, "", True, True)] * 48 + [Answer(4, "", False, True)] * 32
    save_session(tmp_path, shown)
    save_session(tmp_path, hidden)
    results = people_results(tmp_path)
    assert results is not None and (results["people"], results["answers"]) == (2, 150)
    assert results["with_map"]["mean"] == 0.8 and results["without_map"]["mean"] == 0.6
    # Newcombe, Statistics in Medicine 1998, Table II (a): 56/70 − 48/80 by method 10
    found = results["difference"]
    assert [found[name] for name in ("mean", "low", "high")] == pytest.approx([0.2, 0.0524, 0.3339], abs=5e-5)
    assert results["trusted"]["with_map"]["n"] == 14 and results["trusted"]["with_map"]["mean"] == 1.0
    assert list(results["methods"]) == ["occlusion"]


def test_nothing_is_kept_of_the_person_and_damaged_files_are_left_out(tmp_path: Path) -> None:
    save_session(tmp_path, [answer_to(Question(3, "made", "", True), said_right=False)])
    (file,) = (tmp_path / FOLDER).iterdir()
    assert json.loads(file.read_text()) == [{"row": 3, "method": "", "right": True, "said_right": False}]
    (tmp_path / FOLDER / "0.json").write_text("[{}]")
    (tmp_path / FOLDER / "1.json").write_text("no")
    assert sessions(tmp_path) == [[Answer(3, "", True, False)]]


@pytest.mark.parametrize(("language", "sentence"), [("en", "in 100% of 6 cases"), ("zh", "6 例中猜对了 100%")])
def test_results_enter_report_and_bundle(
    audited: tuple[Path, dict, Manifest],  # type: ignore[type-arg]
    language: str,
    sentence: str,
) -> None:
    folder, report, manifest = audited
    save_session(folder, [Answer(n, "raw_attention", True, True) for n in range(6)])
    report |= {"language": language, "scope": None, "rules": None}
    (folder / "report.json").write_text(json.dumps(report))
    write_html(folder, language)
    write_bundle(folder, manifest_parts(manifest), report, language)
    (folder / (BUNDLE + ".sig")).write_text("of the bundle as it was")
    manifest.path.write_text(manifest.path.read_text().replace("text 7", "another"))  # after the audit
    entered = enter_people(folder)
    assert entered["people"]["answers"] == 6 and entered["people"]["difference"] is None
    assert json.loads((folder / "report.json").read_text())["people"] == entered["people"]
    assert sentence in (folder / "report.html").read_text() and sentence not in to_html(report, {}, language)
    assert not verify_bundle(folder / BUNDLE).problems and not (folder / (BUNDLE + ".sig")).exists()
    assert PRESENT["people"](entered) and not PRESENT["people"](report)
