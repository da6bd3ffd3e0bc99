"""Data sets of one's own: what can be used is used, what cannot is named."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from pillow_heif import from_pillow

from vtviz.inputs import InputError
from vtviz.training.data_set import Refused, read_data

UNREAD = ((18, "valid JSON (line)"), (19, "a JSON object"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(20):
        pixels = np.random.default_rng(number).integers(0, 255, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    return tmp_path


def write_csv(folder: Path, rows: list[dict[str, Any]], columns: tuple[str, ...] = ("image", "text", "boxes")) -> None:
    with (folder / "captions.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def test_a_folder_with_one_csv_file_is_split_by_the_seed(photos: Path) -> None:
    rows = [{"image": f"{number}.png", "text": f"photo number {number}"} for number in range(20)]
    rows += [{"image": "3.png", "text": "another caption", "boxes": "[[5, 4, 25, 20]]"}]
    write_csv(photos, rows)
    data = read_data(str(photos), seed=1)
    assert len(data.train) == 18 and len(data.dev) == 2 and not data.refused and data.images == photos
    again, other = read_data(str(photos), seed=1), read_data(str(photos), seed=2)
    assert data == again and data.dev != other.dev
    third = next(row for row in (*data.train, *data.dev) if row["image"] == "3.png")
    assert third["captions"] == ["photo number 3", "another caption"]
    (phrase,) = third["phrases"]
    assert phrase["caption"] == 1 and phrase["text"] == "another caption"
    assert phrase["boxes"] == [[0.1, 0.1, 0.5, 0.5]]  # pixels of 50 × 40 became fractions


def test_what_cannot_be_used_is_named_and_the_rest_is_used(photos: Path) -> None:
    rows = [{"image": f"{number}.png", "caption": f"photo {number}"} for number in range(10)]
    broken = [
        {"image": "missing.png", "caption": "a photo that is not there"},
        {"image": "11.png", "caption": "…"},
        {"image": "12.png"},
        {"image": "13.png", "caption": "bad boxes", "boxes": [[0.5, 0.5, 0.1]]},
        {"image": "notes.txt", "caption": "no photo"},
        {"image": "14.png", "captions": ["a dog"], "foils": [{"caption": "x"}]},
        {"image": "15.png", "written": 5},
    ]
    (photos / "notes.txt").write_text("not a photo")
    lines = [json.dumps(row) for row in (*rows, *broken)]
    (photos / "captions.jsonl").write_text("\n".join([*lines, "{", "[1]"]))
    data = read_data(str(photos))
    assert len(data.train) + len(data.dev) == 10
    unread = [Refused("captions.jsonl", line, f"Row {line} of the manifest is not {why}.") for line, why in UNREAD]
    assert list(data.refused[:2]) == unread
    assert [(row.file, row.line) for row in data.refused[2:]] == [("captions.jsonl", line) for line in range(11, 18)]
    for row, word in zip(
        data.refused[2:],
        ("No such file", "no words", "lacks", "phrases", "image", "foils", "written"),
        strict=True,
    ):
        assert word in str(row), row


def test_photos_are_those_that_the_app_opens_and_boxes_are_of_the_upright_photo(photos: Path) -> None:
    stored, turned = Image.new("RGB", (60, 40)), Image.Exif()
    turned[0x112] = 6  # shown 40 wide and 60 high
    stored.save(photos / "turned.jpg", exif=turned)
    from_pillow(stored).save(photos / "phone.heic")
    workflow = PngImagePlugin.PngInfo()
    workflow.add_text("workflow", "x" * 5_000_000, zip=True)
    stored.save(photos / "made.png", pnginfo=workflow)
    (photos / "cut.png").write_bytes((photos / "1.png").read_bytes()[:20])
    rows = [{"image": name, "text": "a dog"} for name in ("1.png", "phone.heic", "made.png", "cut.png", "cut.png")]
    rows.append({"image": "turned.jpg", "text": "a cat", "boxes": "[[10, 15, 30, 30]]"})
    write_csv(photos, rows)
    data = read_data(str(photos))
    assert [row.line for row in data.refused] == [5, 6] and "cut.png cannot be used" in data.refused[1].reason
    (cat,) = (row for row in (*data.train, *data.dev) if row["image"] == "turned.jpg")
    assert cat["phrases"][0]["boxes"] == [[0.25, 0.25, 0.75, 0.5]]


def test_rows_of_csv_that_are_too_short_or_hold_bad_boxes_are_named(photos: Path) -> None:
    good = "\n".join(f"{number}.png,photo {number}," for number in range(8))
    bad = '8.png\n9.png,boxes,[[1\n10.png,boxes,7\n11.png,"two\nlines",,over'
    (photos / "own.csv").write_text(f"image,text,boxes\n{bad}\n{good}\n")
    data = read_data(str(photos))
    assert sorted(row.line for row in data.refused) == [2, 3, 4, 6] and len(data.train) + len(data.dev) == 8


TOLD = [(f"{number}.png", f"a café {number}") for number in range(6)]
COCO = {
    "images": [{"id": number, "file_name": name} for number, (name, _) in enumerate(TOLD)],
    "annotations": [{"image_id": number, "caption": text} for number, (_, text) in enumerate(TOLD)],
}


def table(separator: str, header: str, before: str = "") -> str:
    return before + "\n".join([header, *(separator.join(row) for row in TOLD)])


@pytest.mark.parametrize(
    ("name", "content", "encoding"),
    [
        ("a.csv", table(";", "image;text"), "utf-8"),
        ("a.csv", table(",", "Image, Text"), "cp1252"),
        ("a.csv", table(";", "image;text", "sep=;\n"), "utf-8"),
        ("a.csv", table(",", "ImagePath,caption"), "utf-8"),
        ("a.tsv", table("\t", "image\ttext"), "utf-16"),
        ("a.csv", table(",", "image,text").replace("\n", "\nimages\\"), "utf-8"),
        ("a.ndjson", "\n".join(json.dumps({"file_name": name, "text": text}) for name, text in TOLD), "utf-8"),
        ("train/metadata.jsonl", "\n".join(json.dumps({"file_name": n, "captions": [t]}) for n, t in TOLD), "utf-8"),
        ("a.json", json.dumps(COCO), "utf-8"),
        ("Sentences/0.txt", "[/EN#1/people a café] 0", "utf-8"),
    ],
)
def test_tables_and_data_sets_train_as_people_have_them(photos: Path, name: str, content: str, encoding: str) -> None:
    folder = photos / "images" if "images" in content and name.endswith("csv") else photos / Path(name).parent
    folder = photos / "flickr30k-images" if "EN#" in content else folder
    folder.mkdir(exist_ok=True)
    for number, path in enumerate(sorted(photos.glob("*.png"))):
        path.rename(folder / (f"{number}.jpg" if "EN#" in content else path.name))
    (photos / name).parent.mkdir(exist_ok=True)
    (photos / name).write_bytes(content.encode(encoding))
    if "EN#" in content:
        for number in range(6):
            (photos / f"Sentences/{number}.txt").write_text(content.replace("0", str(number)))
    if not name.endswith(".json"):
        (photos / "about.json").write_text("{}")
    data = read_data(str(photos))
    rows = sorted((*data.train, *data.dev), key=lambda row: row["image"])
    assert not data.refused and [row["captions"] for row in rows] == [[text] for _, text in TOLD]


def test_rows_of_one_text_are_joined_and_labels_units_and_paths_are_minded(photos: Path) -> None:
    rows = [{"image": f"{number}.png", "text": "a dog and a cat"} for number in range(6)]
    boxes = {"image": "0.png", "text": "a dog and a cat"}
    rows += [{**boxes, "phrase": "a dog", "boxes": "[[5, 4, 25, 20]]"}]
    rows += [{**boxes, "phrase": "a cat", "boxes": [0, 0, 1, 1], "unit": "fraction"}]
    rows += [{**boxes, "phrase": "a cow", "boxes": [0, 0, 1, 1]}, {**boxes, "boxes": [0, 0, 1, 1], "unit": "inch"}]
    rows += [{**boxes, "image": path} for path in ("../0.png", "..\\0.png", "C:\\0.png", "/etc/0.png", "~/0.png")]
    rows += [{**boxes, "label": "0"}, {**boxes, "label": "1"}]
    (photos / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    data = read_data(str(photos))
    dog = next(row for row in (*data.train, *data.dev) if row["image"] == "0.png")
    assert dog["captions"] == ["a dog and a cat"]
    assert [(item["text"], item["boxes"]) for item in dog["phrases"]] == [
        ("a dog", [[0.1, 0.1, 0.5, 0.5]]),
        ("a cat", [[0, 0, 1, 1]]),
    ]
    words = ("label", "a cow", "inch", "outside", "outside", "outside", "outside", "such file")
    for row, word in zip(data.refused, words, strict=True):
        assert word in row.reason, row


def test_a_file_for_dev_is_taken_as_it_is(photos: Path) -> None:
    (photos / "images").mkdir()
    for path in photos.glob("*.png"):
        path.rename(photos / "images" / path.name)
    for split, numbers in (("train", range(10)), ("dev", range(10, 14))):
        rows = [json.dumps({"image": f"{n}.png", "captions": [f"photo {n}", "a photo"]}) for n in numbers]
        (photos / f"{split}.jsonl").write_text("\n".join(rows))
    data = read_data(str(photos))
    assert len(data.train) == 10 and [row["image"] for row in data.dev] == [f"{n}.png" for n in range(10, 14)]
    assert data.images == photos / "images"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "exactly one table of captions"),
        ({"a.csv": "image,text\n", "b.csv": "image,text\n"}, "it has 2"),
        ({"a.csv": "photo,words\n1.png,a dog\n"}, "no column text"),
        ({"a.csv": "image,text\n1.png,a dog\n"}, "at least 4 photos"),
    ],
)
def test_a_folder_that_cannot_be_trained_on_is_refused(photos: Path, files: dict[str, str], message: str) -> None:
    for name, text in files.items():
        (photos / name).write_text(text)
    with pytest.raises(InputError, match=message):
        read_data(str(photos))
