"""Reports that are replayed: whole ones in test_audit.py, broken ones here."""

import json
from pathlib import Path
from typing import Any

import pytest

from vtviz.audit.audit import FIGURES, SCHEMA
from vtviz.audit.replay import Difference, differences, read_report, replay
from vtviz.audit.settings import Settings, settings_from
from vtviz.inputs import InputError

GOOD: dict[str, Any] = {
    "schema": SCHEMA,
    "figures": FIGURES,
    "settings": Settings().to_dict(),
    "inputs": {"path": "/m.csv", "sha256": "0", "photos_sha256": "1"},
    "models": [{"weights_sha256": "2"}],
    "summary": {"rows": {}},
}


def write(folder: Path, report: object) -> Path:
    (folder / "report.json").write_text(json.dumps(report))
    return folder / "report.json"


def refuse(request: object, watch: object) -> None:
    raise AssertionError("a model was asked")


def test_a_whole_report_is_read(tmp_path: Path) -> None:
    assert read_report(write(tmp_path, GOOD)) == GOOD


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("settings", None),
        ("settings", ["vtviz-base"]),
        ("inputs", {**GOOD["inputs"], "path": 5}),
        ("inputs", {"path": "/m.csv"}),
        ("inputs", "m.csv"),
        ("models", {}),
        ("models", [5]),
        ("models", [{"name": "vtviz-base"}]),
        ("summary", 3),
        ("summary", {}),
    ],
)
def test_a_part_of_the_wrong_shape_is_named_at_once(tmp_path: Path, part: str, value: object) -> None:
    with pytest.raises(InputError, match=f"report.json cannot be replayed: its part {part} is not"):
        replay(write(tmp_path, {**GOOD, part: value}), tmp_path / "out", refuse)
    missing = {name: other for name, other in GOOD.items() if name != part}
    with pytest.raises(InputError, match=f"its part {part} is not"):
        read_report(write(tmp_path, missing))


@pytest.mark.parametrize(
    "data", [b"", b"\x00\xff", b"{", b"[" * 10**5, b"[]", b"{}", b'{"schema": "vtviz.audit/0"}', b"\xef\xbb\xbf{}"]
)
def test_what_is_no_report_gets_one_sentence(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "report.json").write_bytes(data)
    with pytest.raises(InputError, match=r"report\.json is not"):
        read_report(tmp_path / "report.json")


def test_a_folder_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_report(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("models", "vtviz-base"),
        ("methods", [1]),
        ("metrics", None),
        ("fill", ["blur"]),
        ("steps", "8"),
        ("steps", True),
        ("seed", -1),
        ("limit", 0),
        ("limit", 2.5),
        ("probes", None),
        ("colour", "red"),
    ],
)
def test_settings_of_the_wrong_kind_are_refused(name: str, value: object) -> None:
    with pytest.raises(InputError, match="settings that this version of vtviz does not know"):
        settings_from({**Settings().to_dict(), name: value})


def test_settings_come_back_as_they_were() -> None:
    settings = Settings(methods=("raw_attention",), limit=3)
    assert settings_from(json.loads(json.dumps(settings.to_dict()))) == settings
    with pytest.raises(InputError, match="at least one model"):
        Settings(models=())


def test_a_long_value_that_differs_is_cut_short() -> None:
    (found,) = differences({"a": "x" * 1000}, {"a": 1.5}, "summary")
    assert str(found) == f"summary.a: {'x' * 100}… in the report, 1.5 now"
    assert str(Difference("a", 1, 1.5)) == "a: 1 in the report, 1.5 now (a difference of +0.5)"


def test_a_report_whose_figures_were_computed_differently_gets_one_sentence(tmp_path: Path) -> None:
    old = {name: value for name, value in GOOD.items() if name != "figures"}
    with pytest.raises(InputError, match="computed differently; replay it with that version"):
        replay(write(tmp_path, old), tmp_path / "out", refuse)
