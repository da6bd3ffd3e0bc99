"""``python -m vtviz intervene``."""

import json
import sys
from pathlib import Path

import pytest

from vtviz.attribution.masked import FILLS
from vtviz.cli import main
from vtviz.cli.explanations.intervene import changes_in, read_changes
from vtviz.engine import local
from vtviz.inputs import InputError
from vtviz.interventions.changes import Cut, Drop, Hide, Only, Push, Without, as_plain, from_plain
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.paths import ASSETS

CAT = ASSETS / "samples" / "chelsea.jpg"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["vtviz", "intervene", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_the_file_says_before_and_after(
    tiny: VtvizBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(local, "load_model", lambda name, device: tiny)
    options = ("--hide", "0,0,0.5,0.25", "--drop", "0", "--without", "text->image:1:0", "--cut", "1:0,0,1,0.5")
    pushed = ("--push", "2:0.5,0.5,1,1:0.75", "--fill", "mean", "--device", "cpu")
    assert run(monkeypatch, CAT, "a dog runs", *options, *pushed, "--output", tmp_path / "out") == 0
    said = capsys.readouterr().out
    file = json.loads((tmp_path / "out" / "interventions.json").read_text(encoding="utf-8"))
    assert f"Match {file['before']['score']:.3f} → {file['after']['score']:.3f}" in said
    assert [token["text"] for token in file["before"]["tokens"]] == ["a", "dog", "runs"]
    assert [token["text"] for token in file["after"]["tokens"]] == ["dog", "runs"]
    assert from_plain(file["changes"]) == (
        Hide(((0.0, 0.0, 0.5, 0.25),), fill="mean"),
        Drop(0),
        Without("text→image", 1, 0),
        Cut(((0.0, 0.0, 1.0, 0.5),), place=1),
        Push(((0.5, 0.5, 1.0, 1.0),), place=2, strength=0.75),
    )
    assert "trials" not in file
    source = tmp_path / "trials.json"
    other = (Hide((), (1,)),)
    file["changes"], file["trials"] = [], [{"changes": file["changes"]}, {"changes": as_plain(other)}]
    source.write_text(json.dumps(file), encoding="utf-8")
    assert changes_in(source, 0) == from_plain(file["trials"][0]["changes"]) and changes_in(source, 1) == other
    again = ("--from", source, "--trial", "1", "--drop", "0", "--device", "cpu", "--output", tmp_path)
    assert run(monkeypatch, CAT, "a dog runs", *again) == 0
    assert from_plain(json.loads((tmp_path / "interventions.json").read_text())["changes"]) == (*other, Drop(0))
    for trial, said in ((None, "no changes in force"), (2, "no trial 2")):
        with pytest.raises(InputError, match=said):
            changes_in(source, trial)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "Name at least one change"),
        (("--trial", "1"), "--trial needs --from"),
        (("--from", CAT), "is not an interventions.json"),
        (("--from", "gone.json"), "cannot be read"),
        (("--hide", "0,0,1"), "The box 0,0,1 must be"),
        (("--hide", "0,0,1,2"), "must be left, top"),
        (("--only", "a,b,c,d"), "The box a,b,c,d must be"),
        (("--drop", "7"), "no word 7"),
        (("--without", "sideways:0"), "no sideways attention"),
        (("--without", "text->image:9"), "no text→image layer 9"),
        (("--without", "text->image:0:9"), "no head 9"),
        (("--without", "text->image:x"), "--without takes KIND:LAYER[:HEAD]"),
        (("--without", "text->image:0:1:2"), "--without takes"),
        (("--cut", "0,0,1,1"), "The box  must be"),
        (("--cut", "x:0,0,1,1"), "--cut takes"),
        (("--push", "1:0,0,1,1"), "--push takes"),
        (("--push", "1:0,0,1,1:2"), "strength 2.0"),
        (("--hide", "0,0,1,1", "--fill", "pink"), "no fill called pink"),
        (("--hide", "0,0,1,1", "--target", "answer:maybe"), "does not know the answer"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_line(
    tiny: VtvizBase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.setattr(local, "load_model", lambda name, device: tiny)
    assert run(monkeypatch, CAT, "a dog runs", *options, "--device", "cpu", "--output", tmp_path / "out") == 2
    complaint = capsys.readouterr().err.strip()
    assert said in complaint and len(complaint.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_what_is_written_becomes_changes() -> None:
    assert read_changes([], "0,0,1,1", [2, 0], ["fused", "image→text:0"], [], [], FILLS[0]) == (
        Only(((0.0, 0.0, 1.0, 1.0),)),
        Drop(2),
        Drop(0),
        Without("fused"),
        Without("image→text", 0),
    )
