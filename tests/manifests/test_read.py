"""Manifests, good and bad."""

import json
from pathlib import Path

import pytest

from vtviz.inputs import InputError
from vtviz.manifests.read import read_manifest
from vtviz.manifests.save import save_uploads

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
        ({**GOOD, "boxes": [[0, 0, 10**400, 1]]}, "boxes in row 2 "),
        ({**GOOD, "boxes": [[0, 0, float("nan"), 1]]}, "Row 2 .* not valid JSON"),
        ({**GOOD, "boxes": [[0, 0, float("inf"), 1]]}, "Row 2 .* not valid JSON"),
        ({**GOOD, "boxes": [[0, 0, True, True]]}, "boxes in row 2 "),
        ({**GOOD, "boxes": 0}, "boxes in row 2 "),
        ({**GOOD, "text": True}, "Row 2 .* text is not text"),
        ({**GOOD, "text": "a \ud800 dog"}, "Row 2 .* text is not text"),
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
        ("m.xlsx", b"image,text\n", "must be a .csv, .tsv, .jsonl or .json"),
        ("m.jsonl", b"", "no rows"),
        ("m.jsonl", b"{", "Row 1 .* not valid JSON"),
        ("m.csv", b"image,title\na,b\n", "no column text"),
        ("m.csv", b"image,text\na.jpg,b,c\n", "Row 1 .* different number of columns"),
        ("m.csv", b'image,text,boxes\na.jpg,b,"[1,"\n', r"Row 1 .* not valid JSON \(boxes"),
        ("m.csv", b"\xff\xfe", "no column image"),
        ("m.csv", b"image,text\na.jpg,\x01\xff\xfe", "not text in an encoding"),
        (
            "m.jsonl",
            b'{"image": "a", "text": "b", "boxes": ' + b"[" * 10**5 + b"]" * 10**5 + b"}",
            "Row 1 .* not valid JSON",
        ),
        ("m.jsonl", b'{"image": "a", "text": ' + b"9" * 5000 + b"}", "Row 1 .* not valid JSON"),
        ("m.csv", b"image,text,boxes\na.jpg,b," + b"[" * 10**5 + b"\n", r"Row 1 .* not valid JSON \(boxes"),
        ("m.csv", b'image,text\na.jpg,"a dog\nb.jpg,a cat\n', "Row 1 .* not valid CSV: a quotation mark"),
        ("m.csv", b'image,text\nz.jpg,x\n\na.jpg,"a dog\nb.jpg,"a cat"\n', "Row 2 .* not valid CSV: a quotation mark"),
        ("m.csv", b'image,text\na.jpg,"a "brown" dog"\n', "Row 1 .* not valid CSV: a quotation mark"),
        ("m.csv", b"image,text\na.jpg," + b"a" * 200_000 + b"\n", "Row 1 .* not valid CSV: a field is too long"),
        ("m.csv", b"image," + b"a" * 200_000, "The first line .* not valid CSV: a field is too long"),
        ("m.csv", b'image,"text\n', "The first line .* not valid CSV: a quotation mark"),
        ("m.csv", b"image,text,text\na.jpg,b,c\n", "two columns called text"),
    ],
)
def test_a_bad_file_gets_one_sentence(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=message):
        read_manifest(tmp_path / name)


@pytest.mark.parametrize(
    "rows",
    [
        'image,text\nz.jpg,x\na.jpg,"a dog\nb.jpg,a cat"\n',
        'image,text\nz.jpg,x\na.jpg,"a dog\nb.jpg,a cat\nc.jpg,a bird"\n',
        'image,text\nz.jpg,x\na.jpg,"a dog\nb.jpg,"\n',
        'image,text\nz.tif,x\na.tif,"a dog\nb.tif,a cat"\n',
        'image,text\nz.jpg,x\n"a.jpg,a dog\nb.jpg,a cat",pets\n',
        'text,image\nx,z.jpg\n"a dog,a.jpg\na cat",b.jpg\n',
        'group,image,text\npets,z.jpg,x\npets,a.jpg,"a dog\rpets,b.jpg,a cat"\n',
        'image,text,group\nz.jpg,x,pets\na.jpg,"a dog,pets\r\nb.jpg,a cat",pets\n',
    ],
)
def test_an_unclosed_quotation_mark_merges_no_rows(tmp_path: Path, rows: str) -> None:
    (tmp_path / "m.csv").write_text(rows, newline="")
    with pytest.raises(InputError, match="Row 2 of the manifest runs into the next one"):
        read_manifest(tmp_path / "m.csv")


@pytest.mark.parametrize(
    "text", ["a dog\non grass", "a dog,\nrunning, wet", "a dog\r\nb.jpg", "a dog, 3.5 m\nlong, wet"]
)
def test_a_quoted_text_may_have_line_breaks(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.csv").write_text(f'image,text\na.jpg,"{text}"\nb.jpg,x\n', newline="")
    assert [row.text for row in read_manifest(tmp_path / "m.csv").rows] == [text.strip(), "x"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_of_csv_may_end_in_three_ways(tmp_path: Path, end: str) -> None:
    (tmp_path / "m.csv").write_text(end.join(["image,text", "a.jpg,a dog", "", "b.jpg,a cat", ""]), newline="")
    assert [(row.image.name, row.text) for row in read_manifest(tmp_path / "m.csv").rows] == [
        ("a.jpg", "a dog"),
        ("b.jpg", "a cat"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_json_lines_end_where_json_cannot(tmp_path: Path, end: str) -> None:
    texts = ["a\u2028dog", "a\u0085cat", "a bird"]
    lines = [json.dumps({"image": "a.jpg", "text": text}, ensure_ascii=False) for text in texts]
    (tmp_path / "m.jsonl").write_text("\ufeff" + end.join(lines), encoding="utf-8", newline="")
    assert [row.text for row in read_manifest(tmp_path / "m.jsonl").rows] == texts


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("a\0b.jpg", "this is not a valid file name"),
        (".", "Is a directory"),
        ("a" * 300 + ".jpg", "File name too long"),
        ("https://example.org/a.jpg", r"The photo https://example\.org/a\.jpg cannot .* web address; download"),
        ("sub\\a.jpg", "separate folders with / instead of"),
        ("~/a.jpg", "home folder instead of ~"),
    ],
)
def test_a_path_that_leads_nowhere_is_the_reason_of_its_row(tmp_path: Path, image: str, message: str) -> None:
    (tmp_path / "m.jsonl").write_text(json.dumps({"image": image, "text": "a dog"}))
    (row,) = read_manifest(tmp_path / "m.jsonl").rows
    with pytest.raises(InputError, match=message):
        row.photo()


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


def test_uploads_that_cannot_be_kept_are_named(tmp_path: Path) -> None:
    photos = [("a", b"1"), ("b.jpg", b"2")]
    with pytest.raises(InputError, match=r"The file b\.jpg cannot be saved: "):  # `a` is a photo and a folder
        save_uploads(tmp_path / "in", ("m.csv", b"image,text\na,x\na/b.jpg,y\n"), photos)
