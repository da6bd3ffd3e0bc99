"""Manifests as people have them: spreadsheets of every country, and data sets in their own form."""

import json
from pathlib import Path

import pytest

from vtviz.inputs import InputError
from vtviz.manifests.read import Manifest, read_manifest
from vtviz.manifests.save import save_uploads

ROWS = [("a.jpg", "a dog, running"), ("b.jpg", "a café")]


def read(folder: Path, content: str | bytes, name: str = "m.csv") -> Manifest:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_manifest(folder / name)


def told(manifest: Manifest) -> list[tuple[str, str]]:
    return [(row.image.name, row.text) for row in manifest.rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize(("separator", "name"), [(",", "m.csv"), (";", "m.csv"), ("\t", "m.tsv"), ("\t", "m.txt")])
def test_a_spreadsheet_is_read_whatever_wrote_it(tmp_path: Path, separator: str, encoding: str, name: str) -> None:
    lines = [("image", "text"), *ROWS]
    table = "".join(separator.join(f'"{field}"' for field in line) + "\r\n" for line in lines)
    manifest = read(tmp_path, table.encode(encoding), name)
    assert told(manifest) == ROWS
    assert (manifest.notes == ()) == encoding.startswith("utf-8")


def test_chinese_of_a_spreadsheet_is_read(tmp_path: Path) -> None:
    manifest = read(tmp_path, "图片,描述\r\na.jpg,草地上的一只狗\r\n".encode("gbk"))
    assert told(manifest) == [("a.jpg", "草地上的一只狗")] and any("GB18030" in note for note in manifest.notes)


@pytest.mark.parametrize(
    "header",
    [
        "Image, Text",
        "IMAGE,TEXT",
        "file_name,caption",
        "File Name,Description",
        '"image"," text"',
        "filename,sentence",
        "ImagePath,Caption",
        "imageFileName,text",
    ],
)
def test_names_of_columns_are_those_that_people_give(tmp_path: Path, header: str) -> None:
    manifest = read(tmp_path, f"{header}\na.jpg,a dog\n")
    assert told(manifest) == [("a.jpg", "a dog")]
    assert bool(manifest.notes) == (header not in ("Image, Text", "IMAGE,TEXT", '"image"," text"'))


@pytest.mark.parametrize("name", ["bbox", "BBoxes", "box"])
def test_boxes_of_another_name_are_read_and_a_note_says_how(tmp_path: Path, name: str) -> None:
    table = read(tmp_path, f'image,text,{name}\na.jpg,a dog,"[0.1, 0.1, 0.5, 0.5]"\n')
    lines = read(tmp_path, f'{{"image": "a.jpg", "text": "a dog", "{name}": [0.1, 0.1, 0.5, 0.5]}}', "m.jsonl")
    for manifest in (table, lines):
        assert manifest.rows[0].boxes == ((0.1, 0.1, 0.5, 0.5),) and "not width and height" in manifest.notes[0]


@pytest.mark.parametrize(
    "table",
    [
        "sep=;\nimage;text\na.jpg;a dog\n",
        '"sep=;"\r\nimage;text\r\na.jpg;a dog\r\n',
        "sep=\\t\nimage\ttext\na.jpg\ta dog\n",
        "image,text,\na.jpg,a dog,\n",
        "image,text\na.jpg,a dog,,,\n",
        ",image,,text\n1,a.jpg,,a dog\n",
        "image,text,group\na.jpg,a dog\n",
        "\n\n  \nimage,text\n,\na.jpg,a dog\n , \n",
        "image|text\na.jpg|a dog\n",
        "text;id;image\na dog;1,5;a.jpg\n",
        "a.jpg\ta dog\n",
        "a.jpg#0\ta dog\n",
    ],
)
def test_what_spreadsheets_add_or_leave_out_changes_nothing(tmp_path: Path, table: str) -> None:
    assert told(read(tmp_path, table)) == [("a.jpg", "a dog")]


def test_tabs_need_no_quotation_marks(tmp_path: Path) -> None:
    manifest = read(tmp_path, 'image\ttext\na.jpg\t"Sit" he said\nb.jpg\t"a dog\n', "m.tsv")
    assert told(manifest) == [("a.jpg", '"Sit" he said'), ("b.jpg", '"a dog')]


def test_columns_that_may_both_be_meant_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column text, and several that may be it: caption, sentence"):
        read(tmp_path, "image,caption,sentence\na.jpg,a dog,a cat\n")


@pytest.mark.parametrize("written", ["sub\\a.jpg", "sub/a.jpg", ".\\sub\\a.jpg"])
def test_paths_of_windows_are_read(tmp_path: Path, written: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.jpg").write_bytes(b"")
    assert read(tmp_path, f"image,text\n{written},a dog\n").rows[0].image.is_file()


def test_a_path_in_the_home_folder_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "a.jpg").write_bytes(b"")
    assert read(tmp_path, "image,text\n~/a.jpg,a dog\n").rows[0].image == tmp_path / "home" / "a.jpg"


def test_uploaded_photos_of_windows_find_their_rows(tmp_path: Path) -> None:
    path = save_uploads(tmp_path / "in", ("m.csv", b"image,text\nC:\\photos\\a.jpg,a dog\n"), [("a.jpg", b"1")])
    assert read_manifest(path).rows[0].image.read_bytes() == b"1"


COCO = {
    "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 9, "file_name": "b.jpg"}],
    "annotations": [{"image_id": 9, "caption": "a cat"}, {"image_id": 7, "caption": "a dog"}],
}


def test_captions_of_coco_are_read_with_the_photos_beside_them(tmp_path: Path) -> None:
    for folder in ("annotations", "val2017"):
        (tmp_path / folder).mkdir()
    for name in "ab":
        (tmp_path / "val2017" / f"{name}.jpg").write_bytes(b"")
    manifest = read(tmp_path / "annotations", json.dumps(COCO), "captions_val2017.json")
    assert told(manifest) == [("b.jpg", "a cat"), ("a.jpg", "a dog")]
    assert all(row.image.is_file() for row in manifest.rows)
    instances = {**COCO, "annotations": [{"image_id": 7, "bbox": [0, 0, 1, 1]}]}
    with pytest.raises(InputError, match="have no captions"):
        read(tmp_path, json.dumps(instances), "instances.json")


@pytest.mark.parametrize(
    "value",
    [
        [{"image": "a.jpg", "text": "a dog"}],
        [{"file_name": "a.jpg", "captions": ["a dog"]}],
        {"a.jpg": "a dog"},
        {"a.jpg": ["a dog"]},
        {"image": "a.jpg", "text": "a dog"},
        {"images": [{"filename": "a.jpg", "sentences": [{"raw": "a dog", "tokens": ["a", "dog"]}]}], "dataset": "x"},
    ],
)
def test_a_json_file_is_read(tmp_path: Path, value: object) -> None:
    assert told(read(tmp_path, json.dumps(value, indent=1), "m.json")) == [("a.jpg", "a dog")]


@pytest.mark.parametrize("place", ["", "train/"])
def test_a_folder_of_hugging_face_is_read(tmp_path: Path, place: str) -> None:
    (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / place / "metadata.jsonl").write_text(json.dumps({"file_name": "a.jpg", "text": "a dog"}))
    (row,) = read_manifest(tmp_path).rows
    assert (row.image, row.text) == (tmp_path / place / "a.jpg", "a dog")
    (tmp_path / place / "metadata.csv").write_text("file_name,text\na.jpg,a dog\n")
    with pytest.raises(InputError, match="several manifests"):
        read_manifest(tmp_path)


def test_flickr30k_entities_are_read_with_their_boxes(tmp_path: Path) -> None:
    for folder in ("Sentences", "Annotations", "flickr30k-images"):
        (tmp_path / folder).mkdir()
    (tmp_path / "Sentences" / "1.txt").write_text(
        "[/EN#5/animals A brown dog] runs on [/EN#6/scene the grass] .\nNobody is here .\n"
    )
    box = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox>"
    (tmp_path / "Annotations" / "1.xml").write_text(
        f"<annotation><object><name>5</name>{box}</object><object><name>6</name><nobndbox>1</nobndbox></object></annotation>"
    )
    first, second = read_manifest(tmp_path).rows
    assert (first.text, first.phrase) == ("A brown dog runs on the grass .", "A brown dog")
    assert (first.boxes, first.unit) == (((1.0, 2.0, 30.0, 40.0),), "pixel")
    assert first.image == tmp_path / "flickr30k-images" / "1.jpg" and second.text == "Nobody is here ."
    (tmp_path / "Annotations" / "1.xml").write_text("<annotation>")
    with pytest.raises(InputError, match=r"1\.xml with boxes is damaged"):
        read_manifest(tmp_path)


def test_a_folder_that_is_no_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a data set"):
        read_manifest(tmp_path)
