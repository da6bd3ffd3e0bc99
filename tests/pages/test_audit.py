"""The Audit page without a browser, with a small untrained network behind it."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from vtviz.audit.background import AuditJobs
from vtviz.audit.requests import MeasureRow
from vtviz.engine.cache import Kept
from vtviz.engine.local import Bench
from vtviz.files import DATA
from vtviz.jobs.history import History
from vtviz.manifests.read import read_manifest
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.paths import ASSETS
from vtviz.ui.audit import cost, live, setup
from vtviz.ui.audit import runs as page
from vtviz.watch import Progress, Watch


@pytest.fixture
def jobs(tiny: VtvizBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AuditJobs]:
    bench, turn = Bench("tiny", tiny.device, Kept(8), Kept(1)), threading.Lock()

    def door(request: Any, watch: Watch) -> Any:
        with turn:  # as an engine does: the page asks while an audit runs
            return request.answer(tiny, bench, watch)

    monkeypatch.setenv(DATA, str(tmp_path))
    jobs = AuditJobs(History(tmp_path), door)
    for module in (page, setup, live):
        monkeypatch.setattr(module, "audit_jobs", lambda: jobs)
    monkeypatch.setattr(cost, "ask", lambda request: door(request, Watch()))
    yield jobs
    jobs.close()


@pytest.fixture
def app(jobs: AuditJobs) -> AppTest:
    return AppTest.from_file(str(ASSETS.parent / "pages" / "audit.py"), default_timeout=120).run()


def start(app: AppTest) -> None:
    next(each for each in app.number_input if "First rows" in each.label).set_value(2)
    next(each for each in app.button if each.label == "Start the audit").click().run()


def test_without_audits_the_page_says_what_to_do(app: AppTest) -> None:
    assert not app.exception and "No audits yet" in app.info[0].value


def test_an_audit_of_the_samples_runs_on_without_its_page_and_its_report_is_shown(
    app: AppTest, jobs: AuditJobs
) -> None:
    start(app)
    assert [each.value for each in app.success] == ["The audit has started. Its progress is at the top of this page."]
    assert not app.exception and not app.error
    AppTest.from_file(str(ASSETS.parent / "pages" / "monitor.py"), default_timeout=120).run()  # another page
    (entry,) = jobs.history.all()
    for _ in range(6000):
        if jobs.progress(entry.id) is None and jobs.history.all()[0].state == "done":
            break
        time.sleep(0.1)
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "audit.py"), default_timeout=120).run()  # another visit
    assert not app.exception and len(app.get("download_button")) == 4
    assert any("random ranking" in each.value for each in app.markdown)
    app.toggle(key="audit-read").set_value(True).run()
    assert not app.exception and "How trustworthy are these explanations?" in app.get("iframe")[0].proto.srcdoc
    app.toggle(key="audit-read").set_value(False).run()
    app.selectbox(key="lang").select("zh").run()
    assert not app.exception and any("随机排序" in each.value for each in app.markdown)


@pytest.fixture
def gate(jobs: AuditJobs, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Set once a row is measured; what comes after it waits for the end of the test, and is cancelled."""
    measured, leave, door = threading.Event(), threading.Event(), jobs._door

    def slow(request: Any, watch: Watch) -> Any:
        if measured.is_set():
            leave.wait(60)
        answer = door(request, watch)
        if isinstance(request, MeasureRow):
            measured.set()
        return answer

    monkeypatch.setattr(jobs, "_door", slow)
    yield measured
    for entry in jobs.history.all():
        jobs.cancel(entry.id)
    leave.set()


def test_a_running_audit_shows_its_row_and_one_that_waits_its_place(app: AppTest, gate: threading.Event) -> None:
    next(each for each in app.number_input if "First rows" in each.label).set_value(2).run()
    assert "Expected time" in app.info[-1].value and "sanity checks" in app.info[-1].value
    start(app)
    assert gate.wait(60)
    while not any("Row 1" in each.value for each in app.markdown):
        app.run()
    assert not app.exception
    assert any("rows measured so far (1)" in each.value for each in app.caption) and len(app.dataframe) == 1
    assert any(each.value.startswith("Still to come: sanity checks") for each in app.caption)
    start(app)
    assert any(each.value == "Your audits ahead of this one: 1" for each in app.caption)


def test_photos_with_sentences_need_no_manifest(app: AppTest, jobs: AuditJobs, cat_bytes: bytes) -> None:
    app.segmented_control[0].set_value("own").run()
    button = next(each for each in app.button if each.label == "Start the audit")
    assert button.disabled
    app.get("file_uploader")[0].upload("cat.jpg", cat_bytes, "image/jpeg").run()
    app.text_area[0].set_value("a dog runs\n\n a dog ").run()
    assert not app.exception and "Expected time" in app.info[-1].value
    next(each for each in app.button if each.label == "Start the audit").click().run()
    assert not app.exception and not app.error
    (entry,) = jobs.history.all()
    rows = read_manifest(entry.manifest).rows
    assert [row.text for row in rows] == ["a dog runs", "a dog"] and rows[0].image.read_bytes() == cat_bytes
    jobs.cancel(entry.id)


def test_a_second_audit_is_shown_while_another_is_listed(app: AppTest, jobs: AuditJobs) -> None:
    first = jobs.history.add("earlier", Path("m.jsonl"), "{}")
    jobs.history.mark(first.id, "cancelled")
    app.run()
    assert app.selectbox(key="audit-chosen").value == first.id
    start(app)
    assert not app.exception and not app.error
    second = jobs.history.all()[0]
    assert second.id != first.id and app.selectbox(key="audit-chosen").value == second.id
    app.selectbox(key="audit-chosen").select(first.id).run()
    assert not app.exception and app.selectbox(key="audit-chosen").value == first.id  # the choice is free again


def test_the_time_left_counts_days_as_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "say", lambda key, **values: f"{key} {values}")
    assert "'left': '25:00:00'" in page._progress_text(Progress("rows", 1, 9, seconds_left=90_000.0))


def test_a_bad_path_gets_one_sentence(app: AppTest, jobs: AuditJobs) -> None:
    app.segmented_control[0].set_value("path").run()
    next(each for each in app.text_input if each.label.startswith("Path")).set_value("/none/m.csv").run()
    next(each for each in app.button if each.label == "Start the audit").click().run()
    assert not app.exception and "cannot be read" in app.error[0].value and jobs.history.all() == []


def test_an_uploaded_manifest_without_its_photos_gets_one_sentence(app: AppTest, cat_bytes: bytes) -> None:
    app.segmented_control[0].set_value("upload").run()
    app.get("file_uploader")[0].upload("m.csv", b"image,text\nb.jpg,a dog\n", "text/csv").run()
    app.get("file_uploader")[1].upload("a.jpg", cat_bytes, "image/jpeg").run()
    next(each for each in app.button if each.label == "Start the audit").click().run()
    sentence = app.error[0].value.replace("\\", "")
    assert not app.exception and "were not uploaded: 1" in sentence and "b.jpg" in sentence
