"""Evaluations in the background: listed, interrupted, resumed."""

import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.evaluation.runs.background import EvaluationJobs
from vtviz.evaluation.runs.evaluation import read_evaluation
from vtviz.evaluation.runs.requests import ScoreTexts
from vtviz.evaluation.runs.settings import Settings
from vtviz.inputs import ImageInput, InputError
from vtviz.jobs.door import Door
from vtviz.jobs.history import Entry, History
from vtviz.watch import Watch

SETTINGS = Settings("tiny", 9)


def wait(jobs: EvaluationJobs, number: int) -> Entry:
    for _ in range(600):
        entry = jobs.history.get(number)
        assert entry is not None
        if entry.state not in ("waiting", "running") and jobs.progress(number) is None:
            return entry
        time.sleep(0.05)
    raise AssertionError("the evaluation did not end")


def test_an_evaluation_is_stopped_by_a_restart_and_goes_on(manifest: Path, tmp_path: Path, door: Door) -> None:
    scored: list[str] = []
    entered, leave = threading.Event(), threading.Event()

    def slow(request: Any, watch: Watch) -> Any:
        if isinstance(request, ScoreTexts):
            scored.append(request.texts[0])
            if len(scored) == 2:
                entered.set()
                assert leave.wait(30)
        return door(request, watch)

    jobs = EvaluationJobs(tmp_path, slow)
    entry = jobs.start("mine", manifest, SETTINGS)
    assert entered.wait(30)
    jobs.cancel(entry.id)
    leave.set()
    assert wait(jobs, entry.id).state == "cancelled" and len(scored) == 2
    jobs.close()
    with sqlite3.connect(tmp_path / "evaluations.sqlite") as database:  # as a server that was killed leaves it
        database.execute("UPDATE evaluations SET state = 'running', owner = 4194305")
    jobs = EvaluationJobs(tmp_path, slow)
    (stopped,) = jobs.history.all()
    assert stopped.state == "interrupted"
    jobs.go_on(stopped)
    assert wait(jobs, entry.id).state == "done"
    assert scored == [
        "a dog runs",
        "a skateboarder",
        "a skateboarder",
        "dog",
    ]  # only the photo that was under way again
    assert len(read_evaluation(jobs.history.folder_of(entry.id)).scores) == 9
    jobs.close()


def test_pairs_that_cannot_be_read_are_not_listed(tmp_path: Path, door: Door) -> None:
    jobs = EvaluationJobs(tmp_path, door)
    with pytest.raises(InputError, match="cannot be read"):
        jobs.start("none", tmp_path / "none.csv", SETTINGS)
    assert jobs.history.all() == [] and History(tmp_path).all() == []  # audits have a list of their own
    jobs.close()


def test_others_are_answered_between_photos(
    manifest: Path, tmp_path: Path, tiny_engine: LocalEngine, photo: ImageInput
) -> None:
    scored, answered = threading.Event(), threading.Event()

    def door(request: Any, watch: Watch) -> Any:
        answer = tiny_engine.ask(request, watch)
        if isinstance(request, ScoreTexts):
            scored.set()
            assert answered.wait(30)
        return answer

    jobs = EvaluationJobs(tmp_path, door)
    entry = jobs.start("mine", manifest, SETTINGS)
    assert scored.wait(30)
    assert tiny_engine.ask(Explain(photo, "a dog", "tiny")).model == "tiny"
    answered.set()
    assert wait(jobs, entry.id).state == "done"
    jobs.close()
