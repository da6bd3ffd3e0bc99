"""The training of the recurrent network on a few composed photos, on a small scale."""

import csv
import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from vtviz.inputs import InputError
from vtviz.models.recurrent.family import load_folder
from vtviz.scenes.compose import write_scenes
from vtviz.training.recurrent.train import RecurrentConfig, train
from vtviz.training.run_files import read_history, read_run
from vtviz.training.vtviz_base.train import TrainConfig
from vtviz.training.vtviz_base.train import train as train_base
from vtviz.watch import Cancelled, Progress, Watch

TIMES = ("minutes", "steps per second")
KILLED = """
import os, signal, sys
from pathlib import Path
from vtviz.training.recurrent.train import RecurrentConfig, train
from vtviz.watch import Watch
data, output, cache, step = sys.argv[1:]
small = {"batch": 8, "width": 16, "image_size": 64, "pool": 1}
config = RecurrentConfig(data, Path(output), Path(cache), steps=12, check_every=4, **small)
def hear(now):
    if now.stage == "training" and now.done == int(step):
        os.kill(os.getpid(), signal.SIGKILL)
train(config, Watch(hear))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    write_scenes(folder, 40, seed=5)
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def config(data: Path, cache: Path, output: Path, **changed: Any) -> RecurrentConfig:
    small = RecurrentConfig(str(data), output, cache, steps=12, batch=8, width=16, image_size=64, pool=1, check_every=4)
    return replace(small, **changed)


@pytest.fixture(scope="module")
def whole(data: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an undisturbed training."""
    output = tmp_path_factory.mktemp("whole")
    train(config(data, cache, output))
    return output


def assert_same(one: Path, other: Path) -> None:
    """Two trainings left the same weights, bit for bit, and the same history but for times."""
    names = sorted(path.relative_to(one) for path in one.rglob("model.safetensors"))
    assert names == sorted(path.relative_to(other) for path in other.rglob("model.safetensors")) and len(names) == 5
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    histories = [
        [{key: value for key, value in row.items() if key not in TIMES} for row in read_history(folder)]
        for folder in (one, other)
    ]
    assert histories[0] == histories[1]


def test_a_training_that_was_killed_and_resumed_ends_bit_for_bit_like_an_undisturbed_one(
    data: Path, cache: Path, whole: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    arguments = [sys.executable, "-c", KILLED, str(data), str(tmp_path), str(cache), "6"]
    ended = subprocess.run(arguments, env=environment, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert read_run(tmp_path)["state"] == "running" and not (tmp_path / "snapshots" / "000008").exists()
    train(config(data, cache, tmp_path, resume=True))
    assert read_run(tmp_path)["state"] == "finished"
    assert_same(whole, tmp_path)


def test_a_cancelled_training_resumes_too(data: Path, cache: Path, whole: Path, tmp_path: Path) -> None:
    watch = Watch(cancelled=lambda: watch.now.stage == "training" and watch.now.done == 7)
    with pytest.raises(Cancelled):
        train(config(data, cache, tmp_path), watch)
    assert read_run(tmp_path)["state"] == "stopped"
    train(config(data, cache, tmp_path, resume=True))
    weights = [(folder / "model.safetensors").read_bytes() for folder in (whole, tmp_path)]
    assert weights[0] == weights[1]


def test_it_leaves_all_that_a_page_needs(data: Path, whole: Path) -> None:
    run = read_run(whole)
    assert run["network"] == "vtviz-recurrent" and run["state"] == "finished" and run["seed"] == 0
    assert run["settings"]["steps"] == 12 and run["photos"] == {"train": 32, "dev": 4} and run["seconds"] > 0
    assert {"auc", "pointing"} <= run["best"].keys() and "auc" in run["figures"]
    assert len(run["examples"]) == 4 and all(
        (Path(run["images"]) / item["image"]).is_file() for item in run["examples"]
    )
    rows = read_history(whole)
    assert [row["step"] for row in rows] == [4, 8, 10, 12]
    for row in rows:
        assert {"loss match", "loss contrast", "loss boxes", "rate", "steps per second", "minutes"} <= row.keys()
        assert ("auc" in row) == (row["step"] != 10)
    table = list(csv.DictReader((whole / "history.csv").open()))
    assert [float(row["loss match"]) for row in table] == [row["loss match"] for row in rows]
    assert table[2]["auc"] == "" and float(table[3]["auc"]) == rows[3]["auc"]
    for step in ("000000", "000004", "000008", "000012"):
        snapshot = load_folder(whole / "snapshots" / step)
        assert snapshot.grid == (4, 4)
    model = load_folder(whole)
    assert model.threshold is not None and model.bounds is not None


def test_training_moves_the_network_but_not_its_image_features(whole: Path) -> None:
    first, last = (load_folder(whole / "snapshots" / step).network.state_dict() for step in ("000000", "000012"))
    moved = {name.split(".")[0] for name in first if not first[name].equal(last[name])}
    assert {"image_in", "image_reader", "words", "text_reader", "attention", "fusion", "match_head"} <= moved
    assert "backbone" not in moved


def test_a_resumed_training_keeps_its_settings(data: Path, cache: Path, whole: Path) -> None:
    with pytest.raises(InputError, match="started with another width, seed"):
        train(config(data, cache, whole, resume=True, seed=1, width=8))
    with pytest.raises(InputError, match="must be match"):
        train(config(data, cache, whole, losses=("contrast",)))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        *(({"epochs": value}, "epochs must be a number above 0") for value in (0, -3.0, math.nan, math.inf, 1e300)),
        *(({"minutes": value}, "minutes must be a number above 0") for value in (math.nan, -1.0)),
        ({"steps": 0}, "steps must be"),
        ({"width": 10}, "multiple of 4, not 10"),
        ({"seed": 10**20}, "seed must be from 0"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_before_any_work(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        train(config(tmp_path, tmp_path, tmp_path / "out", **changed))
    assert not (tmp_path / "out").exists()
    if "width" not in changed and "epochs" not in changed:
        with pytest.raises(InputError, match=message):
            train_base(TrainConfig(tmp_path, None, None, tmp_path, tmp_path / "out", **changed))


def test_the_watch_hears_of_losses_and_dev_figures(data: Path, cache: Path, tmp_path: Path) -> None:
    heard: list[Progress] = []
    train(config(data, cache, tmp_path, steps=2, check_every=1, losses=("match",)), Watch(heard.append))
    training = [now for now in heard if now.stage == "training"]
    assert [(now.done, now.total) for now in training] == [(0, 2), (1, 2), (2, 2)]
    assert "match=" in training[1].note and "dev auc=" in training[1].note and "boxes" not in training[1].note
    assert read_history(tmp_path)[0].keys().isdisjoint({"loss boxes", "loss contrast"})


def test_a_new_training_replaces_an_old_one(data: Path, cache: Path, tmp_path: Path) -> None:
    for steps in (2, 1):
        train(config(data, cache, tmp_path, steps=steps, check_every=1))
    assert [row["step"] for row in read_history(tmp_path)] == [1]
    assert sorted(path.name for path in (tmp_path / "snapshots").iterdir()) == ["000000", "000001"]


def test_losses_fall_and_tensorboard_is_asked_for_in_one_sentence(
    data: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(config(data, cache, tmp_path, steps=60, check_every=60, rate=3e-3))
    rows = read_history(tmp_path)
    for name in ("loss match", "loss contrast", "loss boxes"):
        assert rows[-1][name] < rows[0][name], name
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(InputError, match="needs the package tensorboard"):
        train(config(data, cache, tmp_path, tensorboard=True))
    run = read_run(tmp_path)
    assert run["state"] == "failed" and "tensorboard" in run["error"]


def test_features_are_kept_and_a_cache_of_vtviz_base_serves_too(data: Path, whole: Path, tmp_path: Path) -> None:
    from vtviz.training.data_set import read_data
    from vtviz.training.recurrent.features import read_features

    network = load_folder(whole).network
    both = read_data(str(data)), torch.device("cpu")
    rows, own, refused = read_features(both[0], "dev", network, tmp_path, both[1], Watch())
    assert own.shape == (4, 16, network.backbone.channels) and not refused and len(rows) == 4
    calls: list[Progress] = []
    again = read_features(both[0], "dev", network, tmp_path, both[1], Watch(calls.append))[1]
    assert not calls and again.equal(own)
    shared = np.arange(4 * 16 * own.shape[2]).reshape(4, 16, -1) % 7
    np.save(tmp_path / "dev-0.npy", shared.astype(np.float16))
    found = read_features(both[0], "dev", network, tmp_path, both[1], Watch())[1]
    assert found.numpy().tolist() == shared.tolist()


def test_run_files_survive_a_half_written_line(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text(json.dumps({"step": 1}) + '\n{"step": 2, "lo')
    assert read_history(tmp_path) == [{"step": 1}]
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(InputError, match=r"run\.json"):
        read_run(tmp_path)
