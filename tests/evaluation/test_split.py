"""Reading splits and human judgements."""

import json
from pathlib import Path
from typing import Any

import pytest

from vtviz.evaluation.split import read_judgements, read_split
from vtviz.inputs import InputError


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"{", "Line 1 of s.jsonl is not JSON"),
        (b'{"image": "a.jpg"}', "lacks one of: image, captions"),
        (b"[1]", "lacks one of"),
        (b'{"image": "a.jpg", "captions": []}', "a.jpg in s.jsonl has no captions"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_bad_split_gets_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "s.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_split(tmp_path, "s")


def test_a_limit_takes_the_first_rows(tmp_path: Path) -> None:
    lines = [f'{{"image": "{i}.jpg", "captions": ["a line \u2028 separator"]}}' for i in range(4)]
    (tmp_path / "s.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert [row["image"] for row in read_split(tmp_path, "s", 2)] == ["0.jpg", "1.jpg"]


PHRASE = {"caption": 0, "start": 2, "end": 5, "text": "dog", "kind": ["animals"], "boxes": [[0, 0.25, 0.5, 1.0]]}
ROW: dict[str, Any] = {"image": "a.jpg", "captions": ["a dog"], "phrases": [PHRASE]}
JUDGED = {"image": "a.jpg", "text": "a dog", "ratings": [4, 3.5]}


def write(path: Path, *rows: object) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(json.dumps(row) for row in rows).encode())


def test_a_byte_order_mark_and_other_line_ends_change_nothing(tmp_path: Path) -> None:
    write(tmp_path / "s.jsonl", ROW, {"image": "b.jpg", "captions": ["x"]})
    assert read_split(tmp_path, "s") == [ROW, {"image": "b.jpg", "captions": ["x"], "phrases": []}]
    write(tmp_path / "j.jsonl", JUDGED)
    assert read_judgements(tmp_path / "j.jsonl") == [JUDGED]


def test_a_phrase_brings_its_text_and_no_kinds_where_they_are_not_named(tmp_path: Path) -> None:
    short = {name: PHRASE[name] for name in ("caption", "start", "end", "boxes")}
    write(tmp_path / "s.jsonl", {**ROW, "phrases": [short]})
    assert read_split(tmp_path, "s")[0]["phrases"] == [{**PHRASE, "kind": []}]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": 5}, "image is not a file name"),
        ({"image": "\ud800.jpg"}, "image is not a file name"),
        ({"captions": "a dog"}, "captions is not a list of texts"),
        ({"captions": {"0": "a dog"}}, "captions is not a list of texts"),
        ({"captions": ["a dog", None]}, "captions is not a list of texts"),
        ({"captions": ["a dog", " "], "phrases": []}, "cannot be used. The text contains no words"),
        ({"phrases": None}, "phrases is not a list of phrases"),
        ({"phrases": ["dog"]}, "phrases is not a list of phrases"),
        *(
            ({"foils": foils}, "foils is not a list of wrong texts")
            for foils in (None, 5, {"a": 1}, [5], [{"text": "a cat"}], [{"caption": 0}], [{"caption": 1, "text": "x"}])
        ),
        ({"foils": [{"caption": 0, "text": ""}]}, "cannot be used. The text contains no words"),
        ({"written": 5}, "written is not a list of texts"),
        ({"written": [None, {"a": "b"}]}, "written is not a list of texts"),
        ({"translated": True}, "translated is not a list of texts"),
    ],
)
def test_a_line_of_the_wrong_shape_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    write(tmp_path / "s.jsonl", ROW, {**ROW, **changes})
    with pytest.raises(InputError, match=rf"Line 2 of s\.jsonl .*{message}"):
        read_split(tmp_path, "s")
    assert read_split(tmp_path, "s", 1) == [ROW]


@pytest.mark.parametrize(
    "changes",
    [
        {"caption": 1},
        {"caption": -1},
        {"caption": "0"},
        {"caption": True},
        {"start": 5},
        {"start": None},
        {"end": 6},
        {"end": 2.5},
        {"text": 3},
        {"kind": "animals"},
        {"boxes": []},
        {"boxes": [0, 0, 1, 1]},
        {"boxes": [[0, 0, 1]]},
        {"boxes": [[0, 0, 1, "1"]]},
        {"boxes": [[0.5, 0, 0.1, 1]]},
        {"boxes": [[0, 0, 300, 200]]},
        {"boxes": [[0, 0, 1, 10**400]]},
    ],
)
def test_a_phrase_of_the_wrong_shape_is_named(tmp_path: Path, changes: dict[str, Any]) -> None:
    write(tmp_path / "s.jsonl", {**ROW, "phrases": [PHRASE, {**PHRASE, **changes}]})
    with pytest.raises(InputError, match=r"Line 1 of s\.jsonl is wrong: phrases is not a list of phrases"):
        read_split(tmp_path, "s")


@pytest.mark.parametrize("key", ["caption", "start", "end", "boxes"])
def test_a_phrase_without_its_place_is_named(tmp_path: Path, key: str) -> None:
    phrase = {name: value for name, value in PHRASE.items() if name != key}
    write(tmp_path / "s.jsonl", {**ROW, "phrases": [phrase]})
    with pytest.raises(InputError, match="phrases is not a list of phrases"):
        read_split(tmp_path, "s")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": None}, "image is not a file name"),
        ({"text": ["a dog"]}, "text is not a text"),
        ({"text": "?"}, "cannot be used. The text contains no words"),
        ({"ratings": 4}, "ratings is not a list of numbers"),
        ({"ratings": []}, "ratings is not a list of numbers"),
        ({"ratings": "44"}, "ratings is not a list of numbers"),
        ({"ratings": [4, "3"]}, "ratings is not a list of numbers"),
        ({"ratings": [True]}, "ratings is not a list of numbers"),
    ],
)
def test_a_judgement_of_the_wrong_shape_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    write(tmp_path / "j.jsonl", JUDGED, {**JUDGED, **changes})
    with pytest.raises(InputError, match=rf"Line 2 of j\.jsonl .*{message}"):
        read_judgements(tmp_path / "j.jsonl")


def test_a_folder_or_nothing_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.jsonl"):
        with pytest.raises(InputError, match=r"judgements .* is missing"):
            read_judgements(path)
    with pytest.raises(InputError, match="There is no split none"):
        read_split(tmp_path, "none")
