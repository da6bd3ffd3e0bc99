"""What a training leaves in its folder while it goes on, fails, and is resumed."""

import json
from pathlib import Path

import pytest

from vtviz.inputs import InputError
from vtviz.training.run_files import followed, read_histories, read_run
from vtviz.watch import Cancelled


def test_a_run_says_how_it_stands_and_keeps_its_time(tmp_path: Path) -> None:
    with pytest.raises(Cancelled), followed(tmp_path, {"settings": {"steps": 3}}, resume=False) as tell:
        tell("running", photos={"train": 4})
        assert read_run(tmp_path)["state"] == "running"
        raise Cancelled
    stopped = read_run(tmp_path)
    assert stopped["state"] == "stopped" and stopped["photos"] == {"train": 4}
    with followed(tmp_path, {"settings": {"steps": 3}}, resume=True):
        pass
    ended = read_run(tmp_path)
    assert ended["state"] == "finished" and ended["photos"] == {"train": 4} and ended["seconds"] >= stopped["seconds"]
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


@pytest.mark.parametrize(
    "run",
    [
        b"\xff",
        *("[]", "[1]", '{"settings": null}', '{"settings": [1]}', '{"seconds": "x"}', "[" * 100_000, '{"photos": 4}'),
        *(
            '{"refused": [5]}',
            '{"figures": {"auc": "x"}}',
            '{"best": []}',
            '{"settings": {"epochs": "x"}}',
            r'{"network": "\ud800"}',
        ),
        *('{"examples": [{"image": "a.png", "text": "a dog", "phrases": [{"start": 0}]}]}', '{"examples": {}}'),
    ],
)
def test_a_damaged_run_gets_one_sentence(tmp_path: Path, run: str | bytes) -> None:
    (tmp_path / "run.json").write_bytes(run if isinstance(run, bytes) else run.encode())
    with pytest.raises(InputError, match=r"run\.json in .* is damaged"), followed(tmp_path, {"settings": {}}, True):
        pass


def test_damaged_rows_of_a_history_are_left_out(tmp_path: Path) -> None:
    odd = [b"}", b"\xff\xfe", b"[1]", b'{"step": "x"}', b'{"rate": 1}', b'{"step": 3, "auc": null}', b"[" * 100_000]
    odd.append(b'{"step": 5, "\\ud800": 1}')
    good = [b'{"step": 1, "auc": NaN}', b'{"step": 2, "auc": 0.5}']
    (tmp_path / "history.jsonl").write_bytes(b"\n".join([good[0], *odd, good[1], b'{"step": 4']))
    assert [row["step"] for row in read_histories(tmp_path)["training"]] == [1, 2]
