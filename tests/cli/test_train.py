"""The commands around training: compose data, train the recurrent network, evaluate it, explain with it."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from vtviz.cli import app
from vtviz.inputs import InputError
from vtviz.scenes import compose


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.exception or result.output
    return result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--network", "transformer"], "no network transformer"),
        ([], "needs --cache"),
        (["--network", "recurrent"], "exactly one table of captions"),
        (["--network", "recurrent", "--losses", "boxes"], "must be match"),
        (["--network", "recurrent", "--device", "tpu"], "tpu"),
    ],
)
def test_bad_input_gets_one_sentence(arguments: list[str], message: str, tmp_path: Path) -> None:
    given = ["train", "--data", str(tmp_path), "--output", str(tmp_path / "out"), *arguments]
    result = CliRunner().invoke(app, given)
    assert isinstance(result.exception, InputError) and message in str(result.exception)


def test_own_photos_become_a_model_that_every_command_takes(tmp_path: Path) -> None:
    data, output, cache = tmp_path / "own", tmp_path / "model", tmp_path / "cache"
    data.mkdir()
    lines = ["image,text"]
    for number in range(8):
        colour = (250, 20, 20) if number % 2 else (20, 20, 250)
        Image.fromarray(np.full((24, 24, 3), colour, np.uint8)).save(data / f"{number}.png")
        lines.append(f"{number}.png,a {'red' if number % 2 else 'blue'} wall")
    (data / "captions.csv").write_text("\n".join([*lines, "gone.png,a photo that is not there"]))
    common = ("--network", "recurrent", "--data", data, "--output", output, "--cache", cache, "--width", 8)
    told = run("train", *common, "--steps", 2, "--batch", 4, "--device", "cpu")
    assert "captions.csv, line 10" in told and '"auc"' in told
    again = run("train", *common, "--steps", 2, "--batch", 4, "--device", "cpu", "--resume")
    assert '"auc"' in again
    explained = tmp_path / "explained"
    run("explain", data / "1.png", "a red wall", "--model", f"vtviz-recurrent@{output}", "--output", explained)
    explanation = json.loads((explained / "explanation.json").read_text())
    assert [token["text"] for token in explanation["tokens"]] == ["a", "red", "wall"] and explanation["grid"] == [
        10,
        10,
    ]


def test_scenes_are_written_and_evaluated_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = run("data", "scenes", "--output", tmp_path / "scenes", "--photos", 20, "--seed", 3)
    assert "train: 16 photos, dev: 2 photos, test: 2 photos" in told
    monkeypatch.setenv("VTVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(compose, "PHOTOS", 20)
    monkeypatch.setattr(compose.scenes_folder, "__defaults__", (0, 20, None))
    quick = ("--data", "scenes", "--device", "cpu", "--methods", "raw_attention")
    told = run("evaluate", *quick, "--output", tmp_path / "figures.json")
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["data"] == "scenes" and figures["split"] == "dev" and figures["photos"] == 2
    assert "match AUC" in told and "pointing" in told
    assert "match AUC" in run("evaluate", *quick, "--split", "test")
