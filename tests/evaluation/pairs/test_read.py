"""Pairs from a data set, from manifests with labels, and from the packaged samples."""

import json
from pathlib import Path

import pytest

from vtviz.evaluation.pairs.pair import read_pair_photo
from vtviz.evaluation.pairs.read import SAMPLES, read_pairs, splits_in
from vtviz.inputs import InputError


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_split_gives_each_caption_with_its_own_photo_and_with_another(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"image": "a.jpg", "captions": ["a0", "a1"], "phrases": [], "place": "park", "width": 500, "sizes": [1]},
        {"image": "b.jpg", "captions": ["b0", "b1"]},
        {"image": "c.jpg", "captions": ["c0", "c1"]},
    ]
    found = read_pairs(write(tmp_path / "dev.jsonl", rows))
    assert found.name == f"{tmp_path.name}/dev" and [path.name for path in found.photos] == ["a.jpg", "b.jpg", "c.jpg"]
    by_label = {
        label: [(pair.image.name[0], pair.text) for pair in found.pairs if pair.label == label] for label in (1, 0)
    }
    assert by_label[1] == [("a", "a0"), ("a", "a1"), ("b", "b0"), ("b", "b1"), ("c", "c0"), ("c", "c1")]
    assert by_label[0] == [("b", "a0"), ("c", "a1"), ("c", "b0"), ("a", "b1"), ("a", "c0"), ("b", "c1")]
    assert found.pairs[0].image == tmp_path / "images" / "a.jpg" and found.pairs[0].keys == (("place", "park"),)
    assert len(read_pairs(tmp_path / "dev.jsonl", 2).pairs) == 8
    with pytest.raises(InputError, match="at least two photos"):
        read_pairs(tmp_path / "dev.jsonl", 1)


def test_csv_and_json_lines_with_labels_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(
        "image,text,label,group,season\nsub/a.jpg,a dog,1,pets,\na2.jpg, a cat ,mismatch,,winter\n"
    )
    rows = [
        {"image": "sub/a.jpg", "text": "a dog", "label": True, "group": "pets"},
        {"image": "a2.jpg", "text": "a cat", "label": 0, "season": "winter"},
    ]
    one, two = read_pairs(tmp_path / "m.csv"), read_pairs(write(tmp_path / "m.jsonl", rows))
    assert one.pairs == two.pairs and one.name == "m.csv"
    assert [pair.label for pair in one.pairs] == [1, 0]
    assert one.pairs[0].keys == (("group", "pets"),) and one.pairs[1].keys == (("season", "winter"),)
    assert one.pairs[0].image == tmp_path / "sub" / "a.jpg"


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"image": "a.jpg", "text": "a dog"}, "has no column label"),
        ({"image": "a.jpg", "text": "a dog", "label": 2}, "label in row 1 of the manifest must be 1"),
        ({"image": "a.jpg", "text": "a dog", "label": None}, "label in row 1 of the manifest must be 1"),
        ({"image": "a.jpg", "label": 1}, "has no text"),
        (
            {"image": "a.jpg", "text": "!?", "label": 1},
            "Row 1 of the manifest cannot be used. The text contains no words",
        ),
    ],
)
def test_a_row_that_is_no_pair_gets_one_sentence(tmp_path: Path, row: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read_pairs(write(tmp_path / "m.jsonl", [row]))


def test_the_packaged_samples_are_a_data_set() -> None:
    found = read_pairs(SAMPLES)
    assert len(found.photos) == 12 and len(found.pairs) == 72 and sum(pair.label for pair in found.pairs) == 24
    assert {dict(pair.keys)[":kind"] for pair in found.pairs} == {"true", "changed", "other"}
    assert all(read_pair_photo(path).width > 0 for path in found.photos)
    assert len(read_pairs(SAMPLES, 2).photos) == 2


def test_a_folder_offers_its_files_of_pairs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no \.jsonl, \.csv, \.tsv or \.json file"):
        splits_in(tmp_path)
    for name in ("test.jsonl", "dev.jsonl", "README.md", "own.tsv", "about.json"):
        (tmp_path / name).write_text("Image\tText\tLabel\na.jpg\ta dog\t0\n")
    assert [path.name for path in splits_in(tmp_path)] == ["dev.jsonl", "own.tsv", "test.jsonl", "about.json"]
    assert read_pairs(tmp_path / "own.tsv").pairs[0].label == 0
    with pytest.raises(InputError, match="There is no folder"):
        splits_in(tmp_path / "none")


def test_a_photo_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no photo")
    with pytest.raises(InputError, match=r"photo a\.png cannot be used. The file is not a JPEG"):
        read_pair_photo(tmp_path / "a.png")
