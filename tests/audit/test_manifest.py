"""Manifests, good and bad."""

import json
from pathlib import Path

import pytest

from vtviz.audit.manifest import read_manifest
from vtviz.audit.uploads import save_uploads
from vtviz.inputs import InputError

GOOD = {"image": "a.jpg", "text": "a dog"}


def test_csv_and_json_lines_say_the_same(tmp_path: Path) -> None:
    box = "[[0.1, 0.2, 0.5, 0.6]]"
    (tmp_path / "m.csv").write_text(
        f'image,text,boxes,phrase,group\nsub/a.jpg,"a dog, running","{box}",dog,pets\nb.jpg,x,,,\n'
    )
    first = {"image": "sub/a.jpg", "text": "a dog, running", "boxes": json.loads(box), "phrase": "dog", "group": "pets"}
    (tmp_path / "m.jsonl").write_text(json.dumps(first) + "\n\n" + json.dumps({"image": "b.jpg", "text": "x"}))
    one, two = (read_manifest(tmp_path / name) for name in ("m.csv", "m.jsonl"))
    assert one.rows == two.rows and one.sha256 != two.sha256
    assert one.rows[0].image == tmp_path / "sub" / "a.jpg" and one.rows[0].boxes == ((0.1, 0.2, 0.5, 0.6),)
    assert len(read_manifest(tmp_path / "m.csv", limit=1).rows) == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "a"}, "Row 2 .* has no image"),
        ({"image": "a.jpg", "text": " "}, "Row 2 .* has no text"),
        ({"image": ["a.jpg"], "text": "a"}, "Row 2 .* image is not text"),
        ({**GOOD, "boxes": [[0.5, 0, 0.1, 1]]}, "boxes in row 2 "),
        ({**GOOD, "boxes": "here"}, "boxes in row 2 "),
        ({**GOOD, "boxes": [[0, 0, 1]]}, "boxes in row 2 "),
        ({**GOOD, "phrase": "cat"}, "Row 2 .* phrase"),
        ([1], "Row 2 .* not a JSON object"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: object, message: str) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n{json.dumps(row)}\n")
    with pytest.raises(InputError, match=message):
        read_manifest(path)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("m.txt", b"image,text\n", "must be a .csv or .jsonl"),
        ("m.jsonl", b"", "no rows"),
        ("m.jsonl", b"{", "Row 1 .* not valid JSON"),
        ("m.csv", b"image,caption\na,b\n", "no column text"),
        ("m.csv", b"image,text\na.jpg,b,c\n", "Row 1 .* different number of columns"),
        ("m.csv", b'image,text,boxes\na.jpg,b,"[1,"\n', r"Row 1 .* not valid JSON \(boxes"),
        ("m.csv", b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_bad_file_gets_one_sentence(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=message):
        read_manifest(tmp_path / name)


def test_a_missing_file_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_manifest(tmp_path / "none.csv")


def test_uploads_lie_where_the_manifest_looks(tmp_path: Path) -> None:
    rows = b"image,text\nsub/a.jpg,a dog\n"
    path = save_uploads(tmp_path / "in", ("My.CSV", rows), [("a.jpg", b"1"), ("other.jpg", b"2")])
    assert read_manifest(path).rows[0].image.read_bytes() == b"1" and not (tmp_path / "in" / "other.jpg").exists()


@pytest.mark.parametrize("place", ["../a.jpg", "/etc/passwd", "sub/../../a.jpg"])
def test_uploads_cannot_lead_out_of_their_folder(tmp_path: Path, place: str) -> None:
    with pytest.raises(InputError, match="outside the manifest"):
        save_uploads(tmp_path / "in", ("m.csv", f"image,text\n{place},a dog\n".encode()), [("a.jpg", b"1")])


def test_photos_that_were_not_uploaded_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not uploaded: 2, for example a\.jpg"):
        save_uploads(tmp_path / "in", ("m.csv", b"image,text\na.jpg,x\nb.jpg,y\n"), [])
