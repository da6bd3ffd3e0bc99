"""The test with people on the Audit page, without a browser."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.audit.made import made_report, rows_of
from vtviz.audit.background import AuditJobs
from vtviz.audit.people import questions
from vtviz.audit.people.sessions import sessions
from vtviz.audit.requests import DrawCase
from vtviz.audit.settings import Settings
from vtviz.files import DATA
from vtviz.jobs.history import History
from vtviz.manifests.read import read_manifest
from vtviz.paths import ASSETS
from vtviz.render.overlay import to_jpeg
from vtviz.ui.audit import people as part
from vtviz.ui.audit import runs as page
from vtviz.ui.audit import setup


@pytest.fixture
def audited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[AuditJobs, Path, list[Any]]]:
    """A finished audit of ten photos, of which the model is wrong about two."""
    made = tmp_path / "made"
    made.mkdir()
    report = made_report(made, count=10)
    lines = []
    for row in rows_of(made, 10).rows:
        Image.fromarray(np.full((32, 48, 3), 20 * row.number, np.uint8)).save(row.image, "JPEG")
        lines.append(json.dumps({"image": row.image.name, "text": row.text}))
    (made / "m.jsonl").write_text("\n".join(lines) + "\n")
    monkeypatch.setenv(DATA, str(tmp_path))
    jobs = AuditJobs(History(tmp_path), lambda request, watch: None)
    for module in (page, setup):
        monkeypatch.setattr(module, "audit_jobs", lambda: jobs)
    asked: list[Any] = []

    def draw(request: DrawCase) -> bytes:
        asked.append(request)
        return to_jpeg(request.image.to_pil(), 80)

    monkeypatch.setattr(part, "ask", draw)
    entry = jobs.history.add("made", made / "m.jsonl", json.dumps(Settings().to_dict()))
    folder = jobs.history.folder_of(entry.id)
    folder.parent.mkdir(parents=True, exist_ok=True)
    (made / "out").rename(folder)
    report["inputs"]["sha256"] = read_manifest(made / "m.jsonl").sha256
    (folder / "report.json").write_text(json.dumps(report))
    jobs.history.mark(entry.id, "done")
    yield jobs, folder, asked
    jobs.close()


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    return app.run()


def test_a_person_answers_and_the_results_are_shown_in_both_languages(
    audited: tuple[AuditJobs, Path, list[Any]],
) -> None:
    _, folder, asked = audited
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "audit.py"), default_timeout=120).run()
    app = press(app, "Take the test")
    for _ in range(4):  # two wrong answers, so two right ones
        assert not app.exception and not app.error and sessions(folder) == []
        app = press(app, "The model is right")
    assert not app.exception and not app.error
    ((*answers,),) = sessions(folder)
    assert len(answers) == 4 and all(answer.said_right for answer in answers)
    assert sum(answer.right for answer in answers) == 2 and sum(bool(answer.method) for answer in answers) == 2
    assert {request.text for request in asked} == {f"text {answer.row}" for answer in answers if answer.method}
    assert any("believe 100% of 1 wrong answers" in each.value for each in app.markdown)
    assert json.loads((folder / "report.json").read_text())["people"]["answers"] == 4
    assert "Take the test" in [button.label for button in app.button]
    app.selectbox(key="lang").select("zh").run()
    assert not app.exception and "开始测试" in [button.label for button in app.button]
    assert any("1 个错误判断中有 100% 被当成正确" in each.value for each in app.markdown)


def test_a_test_that_is_stopped_is_not_kept(audited: tuple[AuditJobs, Path, list[Any]]) -> None:
    _, folder, _ = audited
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "audit.py"), default_timeout=120).run()
    app = press(press(press(app, "Take the test"), "The model is wrong"), "Stop without saving")
    assert not app.exception and sessions(folder) == [] and "Take the test" in [b.label for b in app.button]


def test_too_few_mistakes_for_a_test_are_said_beside_the_report(
    audited: tuple[AuditJobs, Path, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder, _ = audited
    monkeypatch.setattr(questions, "FEWEST", 100)
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "audit.py"), default_timeout=120).run()
    app = press(app, "Take the test")
    assert not app.exception and not app.error and sessions(folder) == []
    said = [each.value for each in app.warning]
    assert any("2 wrong answers" in each for each in said), said
