"""What a training leaves in its folder while it goes on, fails, and is resumed."""

import json
from pathlib import Path

import pytest

from vtviz.inputs import InputError
from vtviz.training.run_files import followed, read_histories, read_run
from vtviz.watch import Cancelled


def test_a_run_says_how_it_stands_and_keeps_its_time(tmp_path: Path) -> None:
    with pytest.raises(Cancelled), followed(tmp_path, {"settings": {"steps": 3}}, resume=False) as tell:
        tell("running", photos=4)
        assert read_run(tmp_path)["state"] == "running"
        raise Cancelled
    stopped = read_run(tmp_path)
    assert stopped["state"] == "stopped" and stopped["photos"] == 4
    with followed(tmp_path, {"settings": {"steps": 3}}, resume=True):
        pass
    ended = read_run(tmp_path)
    assert ended["state"] == "finished" and ended["photos"] == 4 and ended["seconds"] >= stopped["seconds"]
    with pytest.raises(ValueError), followed(tmp_path, {"settings": {}}, resume=False):
        raise ValueError("why")
    assert read_run(tmp_path)["state"] == "failed" and read_run(tmp_path)["error"] == "why"


def test_a_run_is_not_resumed_with_other_settings_and_a_new_one_clears_the_folder(tmp_path: Path) -> None:
    (tmp_path / "heads").mkdir()
    (tmp_path / "heads" / "checkpoint.pt").touch()
    with followed(tmp_path, {"settings": {"steps": 3}}, resume=True):
        assert (tmp_path / "heads").is_dir()
    with pytest.raises(InputError, match="steps"), followed(tmp_path, {"settings": {"steps": 4}}, resume=True):
        pass
    assert read_run(tmp_path)["state"] == "finished"
    with followed(tmp_path, {"settings": {"steps": 4}}, resume=False):
        assert not (tmp_path / "heads").exists()


def test_the_histories_are_those_of_the_stages_that_have_begun(tmp_path: Path) -> None:
    assert read_histories(tmp_path) == {"training": []}
    for stage, step in (("heads", 2), ("fusion", 1)):
        (tmp_path / stage).mkdir()
        (tmp_path / stage / "history.jsonl").write_text(json.dumps({"step": step}) + '\n{"step": 9, "cut')
    assert list(read_histories(tmp_path).items()) == [("fusion", [{"step": 1}]), ("heads", [{"step": 2}])]
