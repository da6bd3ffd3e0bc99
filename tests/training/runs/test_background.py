"""Trainings in processes of their own: paused, resumed, ended early, and with a server that is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vtviz.inputs import InputError
from vtviz.jobs.history import Entry
from vtviz.scenes.compose import write_scenes
from vtviz.training.recurrent.train import RecurrentConfig, train
from vtviz.training.run_files import read_history, read_run
from vtviz.training.runs.background import TrainingJobs

SERVER = """
import sys, threading, time
from pathlib import Path
import json
from vtviz.training.runs.background import TrainingJobs
jobs = TrainingJobs(Path(sys.argv[1]))
entry = jobs.start("theirs", json.loads(sys.argv[2]))
threading.Event().wait()
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    write_scenes(folder, 24)
    return folder


@pytest.fixture(scope="module")
def settings(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A training of seconds."""
    return {
        "data": str(data),
        "cache": str(tmp_path_factory.mktemp("cache")),
        "width": 16,
        "steps": 300,
        "batch": 4,
        "check_every": 100,
        "image_size": 96,
        "pool": 1,
        "losses": ["match", "contrast", "boxes"],
    }


@pytest.fixture(scope="module")
def undisturbed(settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the same training, left alone."""
    folder = tmp_path_factory.mktemp("undisturbed")
    config = {**settings, "cache": Path(settings["cache"]), "losses": tuple(settings["losses"])}
    train(RecurrentConfig(output=folder, **config))
    return folder


def until(true: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def state(jobs: TrainingJobs, entry: Entry) -> str:
    now = jobs.history.get(entry.id)
    assert now is not None
    return now.state


def same_model(one: Path, other: Path) -> bool:
    return all(
        (one / name).read_bytes() == (other / name).read_bytes() for name in ("model.safetensors", "config.json")
    )


def test_a_training_that_was_paused_ends_as_one_that_was_left_alone(
    settings: dict[str, Any], undisturbed: Path, tmp_path: Path
) -> None:
    jobs = TrainingJobs(tmp_path)
    entry = jobs.start("mine", settings)
    folder = jobs.history.folder_of(entry.id)
    until(lambda: bool(read_history(folder)) or state(jobs, entry) == "failed")
    jobs.cancel(entry.id)
    until(lambda: state(jobs, entry) == "cancelled")
    paused = read_history(folder)[-1]["step"]
    assert 0 < paused < 300 and read_run(folder)["state"] == "stopped"
    jobs.go_on(entry)
    until(lambda: state(jobs, entry) == "done")
    assert same_model(folder, undisturbed) and read_run(folder)["state"] == "finished"
    assert jobs.model_of(entry) == f"vtviz-recurrent@{folder}"
    assert (folder / "snapshots" / "000300" / "scores.npz").is_file()
    jobs.close()


def test_a_training_is_ended_early_and_keeps_its_best_weights(settings: dict[str, Any], tmp_path: Path) -> None:
    jobs = TrainingJobs(tmp_path)
    entry = jobs.start("mine", {**settings, "steps": 5000, "check_every": 4000})
    folder = jobs.history.folder_of(entry.id)
    until(lambda: bool(read_history(folder)))
    jobs.keep(entry.id)
    until(lambda: state(jobs, entry) == "done")
    assert (folder / "model.safetensors").is_file() and read_history(folder)[-1]["step"] < 4000
    assert "auc" in read_history(folder)[-1]
    jobs.close()


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_the_training_of_a_server_that_is_killed_saves_ends_and_goes_on_elsewhere(
    settings: dict[str, Any], undisturbed: Path, tmp_path: Path
) -> None:
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(tmp_path), json.dumps(settings)])
    folder = tmp_path / "trainings" / "00001"
    until(lambda: bool(read_history(folder)))
    server.send_signal(signal.SIGKILL)
    server.wait()
    jobs = TrainingJobs(tmp_path)
    entry = jobs.history.all()[0]
    assert entry.state == "interrupted"
    until(lambda: read_run(folder)["state"] == "stopped")
    jobs.go_on(entry)
    until(lambda: state(jobs, entry) == "done")
    assert same_model(folder, undisturbed)
    jobs.close()


def test_data_that_cannot_be_used_is_refused_before_it_is_listed(settings: dict[str, Any], tmp_path: Path) -> None:
    jobs = TrainingJobs(tmp_path)
    with pytest.raises(InputError):
        jobs.start("mine", {**settings, "data": str(tmp_path / "nowhere")})
    assert jobs.history.all() == []
    jobs.close()


def test_a_training_of_vtviz_base_that_lacks_its_data_or_packages_fails_with_one_sentence(tmp_path: Path) -> None:
    jobs = TrainingJobs(tmp_path)
    settings = {"network": "vtviz-base", "data": str(tmp_path / "none"), "cache": str(tmp_path), "steps": 2}
    entry = jobs.start("large", settings)
    until(lambda: state(jobs, entry) == "failed")
    now = jobs.history.get(entry.id)
    assert now is not None and now.error.startswith(("Training needs", "There is no split train in"))
    assert jobs.model_of(entry).startswith("vtviz-base@") and jobs.models() == {}
    jobs.close()
