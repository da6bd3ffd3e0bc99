"""Audits in the background, and their history."""

import json
import os
import sqlite3
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.audit.conftest import SETTINGS as FULL
from vtviz.audit.background import AuditJobs
from vtviz.files import DATA, data_folder
from vtviz.inputs import InputError
from vtviz.jobs.door import Door
from vtviz.jobs.history import Entry, History
from vtviz.watch import Watch

SETTINGS = replace(FULL, methods=("raw_attention",), metrics=("insertion",), probes=1)


def wait(jobs: AuditJobs, number: int) -> Entry:
    for _ in range(6000):
        entry = jobs.history.get(number)
        assert entry is not None
        if entry.state not in ("waiting", "running") and jobs.progress(number) is None:
            return entry
        time.sleep(0.1)
    raise AssertionError("the audit did not end")


def test_an_audit_runs_in_the_background_and_is_listed(manifest: Path, tmp_path: Path, door: Door) -> None:
    jobs = AuditJobs(History(tmp_path), door)
    entry = jobs.start("mine", manifest, SETTINGS)
    assert wait(jobs, entry.id).state == "done" and (jobs.history.folder_of(entry.id) / "report.html").is_file()
    assert [each.name for each in History(tmp_path).all()] == ["mine"]
    jobs.close()


def test_a_cancelled_audit_goes_on(manifest: Path, tmp_path: Path, door: Door) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(request: Any, watch: Watch) -> Any:
        entered.set()
        assert leave.wait(30)
        return door(request, watch)

    jobs = AuditJobs(History(tmp_path), slow)
    entry = jobs.start("mine", manifest, SETTINGS)
    assert entered.wait(30)
    jobs.cancel(entry.id)
    leave.set()
    stopped = wait(jobs, entry.id)
    assert stopped.state == "cancelled"
    jobs.go_on(stopped)
    assert wait(jobs, entry.id).state == "done"
    jobs.close()


def test_what_went_wrong_is_kept(manifest: Path, tmp_path: Path) -> None:
    def broken(request: Any, watch: Watch) -> Any:
        raise InputError("No such thing.")

    jobs = AuditJobs(History(tmp_path), broken)
    entry = jobs.start("mine", manifest, SETTINGS)
    assert (wait(jobs, entry.id).state, jobs.history.all()[0].error) == ("failed", "No such thing.")
    with pytest.raises(InputError, match="cannot be read"):
        jobs.start("none", tmp_path / "none.csv", SETTINGS)
    assert len(jobs.history.all()) == 1
    jobs.close()


def test_an_audit_of_a_process_that_is_gone_is_interrupted(tmp_path: Path) -> None:
    history = History(tmp_path)
    mine, theirs = (history.add(name, tmp_path / "m.csv", json.dumps({})) for name in ("mine", "theirs"))
    with sqlite3.connect(tmp_path / "audits.sqlite") as database:
        database.execute("UPDATE audits SET owner = 4194305 WHERE id = ?", (theirs.id,))  # above every process id
    again = {entry.name: entry.state for entry in History(tmp_path).all()}
    assert again == {"mine": "waiting", "theirs": "interrupted"} and mine.id != theirs.id


def test_a_folder_that_cannot_be_used_gets_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(DATA, str(tmp_path / "file" / "data"))
    with pytest.raises(InputError, match=r"cannot create its data folder .*: Not a directory; set VTVIZ_DATA"):
        data_folder()
    (tmp_path / "audits.sqlite").mkdir()
    with pytest.raises(InputError, match=r"list of audits .* cannot be used: unable to open database file"):
        History(tmp_path)


def test_the_data_folder_can_be_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA, str(tmp_path / "there"))
    assert data_folder() == tmp_path / "there" and os.path.isdir(data_folder())
