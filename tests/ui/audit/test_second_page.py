"""The model's figures, comparison and verification on the Audit page, without a browser."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.audit.made import made_report, rows_of
from vtviz.audit.background import AuditJobs
from vtviz.audit.contract.bundle.write import manifest_parts, write_bundle
from vtviz.audit.report.html import write_html
from vtviz.audit.settings import Settings
from vtviz.files import DATA
from vtviz.inputs import InputError
from vtviz.jobs.history import History
from vtviz.paths import ASSETS
from vtviz.ui.audit import runs as page
from vtviz.ui.audit import setup


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AuditJobs]:
    """Two finished audits; in the second the model is wrong about more rows of one group."""
    monkeypatch.setenv(DATA, str(tmp_path))
    jobs = AuditJobs(History(tmp_path), lambda request, watch: None)
    for module in (page, setup):
        monkeypatch.setattr(module, "audit_jobs", lambda: jobs)
    for name, wrong in (("first", 5), ("second", 2)):
        made = tmp_path / name
        made.mkdir()
        report = made_report(made, score=lambda number, wrong=wrong: 0.2 if number % wrong == 0 else 0.9)  # type: ignore[misc]
        report |= {
            "scope": None,
            "rules": None,
            "sheets": [],
            "sheets_missing": [{"row": 3, "reason": "gone"}],
            "language": "en",
        }
        entry = jobs.history.add(name, made / "m.jsonl", json.dumps(Settings().to_dict()))
        folder = jobs.history.folder_of(entry.id)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made / "out", folder)
        (folder / "report.json").write_text(json.dumps(report))
        write_html(folder)
        write_bundle(folder, manifest_parts(rows_of(made, 40)), report)
        jobs.history.mark(entry.id, "done")
    yield jobs
    jobs.close()


def test_the_model_stands_on_the_page_and_two_audits_are_compared(jobs: AuditJobs) -> None:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "audit.py"), default_timeout=120).run()
    assert not app.exception
    model, gaps = app.dataframe[0].value, app.dataframe[1].value
    assert list(model["Rows"]) == ["All rows", "a", "b"] and model["Accuracy"][0].startswith("0.50 (0.35–0.65)")
    assert "The model" in list(gaps["What"]) and any("Row 3 has no page: gone" in each.value for each in app.caption)
    second, first = (entry.id for entry in jobs.history.all())
    app.selectbox(key=f"audit-compare-{second}").select(first).run()
    assert not app.exception and any("results moved" in each.value for each in app.markdown)
    assert any("verdict differs on 20 of the 40 rows" in each.value for each in app.markdown)


def test_a_bundle_is_checked_on_the_page(jobs: AuditJobs) -> None:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "audit.py"), default_timeout=120).run()
    data = (jobs.history.folder_of(jobs.history.all()[0].id) / "bundle.zip").read_bytes()
    place = next(n for n, each in enumerate(app.get("file_uploader")) if each.label == "bundle.zip")
    app.get("file_uploader")[place].upload("bundle.zip", data, "application/zip").run()
    assert not app.exception and [each.value for each in app.success] == ["The bundle is whole."]
    app.text_input(key="audit-verify-head").set_value("0" * 64).run()
    app.selectbox(key="lang").select("zh").run()
    assert "文件包与打包时不同。" in [each.value for each in app.error]
    assert any("链首不是" in each.value for each in app.markdown)


def test_rows_for_sheets_are_asked_for_and_checked_before_the_audit(jobs: AuditJobs, tmp_path: Path) -> None:
    manifest = rows_of(tmp_path, 4).path
    with pytest.raises(InputError, match="no row 9 in the manifest"):
        jobs.start("x", manifest, Settings(), terms={"sheets.txt": b"9"})
    with pytest.raises(InputError, match="must be numbers"):
        jobs.start("x", manifest, Settings(), terms={"sheets.txt": b"one"})
