"""Texts about composed scenes."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordPiece

from vtviz.training.vtviz_base.data.everyday_names import everyday_names
from vtviz.training.vtviz_base.data.items import Items, coverage, naming


@pytest.fixture
def items(tmp_path: Path) -> Items:
    names, cache = tmp_path / "names", tmp_path / "cache"
    names.mkdir()
    cache.mkdir()
    (tmp_path / "train.jsonl").write_text('{"image": "a.jpg", "captions": ["a"], "phrases": []}\n')
    rows = [{"class": 340, "names": ["zebra"]}, {"class": 340, "names": ["red fox"]}]
    (names / "classes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    note = {"classes": [0, 1], "boxes": [[0.0, 0.0, 0.5, 1.0], [0.5, 0.0, 1.0, 1.0]]}
    for kind in ("mosaic", "paste"):
        (cache / f"{kind}.jsonl").write_text(json.dumps(note) + "\n")
        np.save(cache / f"{kind}.npy", np.zeros((1, 16, 2), np.float16))
        np.save(cache / f"{kind}.regions.npy", np.stack([coverage([tuple(box)], 4) for box in note["boxes"]]))
    (cache / "train-0.jsonl").write_text('{"row": 0, "crop": [0, 0, 1, 1], "flipped": false}\n')
    np.save(cache / "train-0.npy", np.zeros((1, 16, 2), np.float16))
    np.save(cache / "names-0.npy", np.zeros((2, 16, 2), np.float16))
    np.save(cache / "names-0.activation.npy", np.eye(2, 16, dtype=np.float32))
    return Items(tmp_path, names, cache, 4, Tokenizer(WordPiece({"[UNK]": 0}, unk_token="[UNK]")))


def test_every_named_thing_stands_in_the_text_with_its_own_region(items: Items) -> None:
    rng, counts = random.Random(0), set()
    left = coverage([(0.0, 0.0, 0.5, 1.0)], 4)
    for _ in range(200):
        item = items.named(rng)
        counts.add(len(item.phrases))
        for start, end, region in item.phrases:
            phrase = item.text[start:end]
            assert phrase.split()[-1] in {"zebra", "fox"}
            if item.part != "names-0":
                np.testing.assert_array_equal(region, left if "zebra" in phrase else 1.0 - left)
    assert counts == {1, 2}


def test_a_class_goes_by_its_names_their_head_nouns_and_everyday_words() -> None:
    found = naming(["African elephant", "tusker"], ["animal"])
    assert set(found) == {"African elephant", "tusker", "elephant", "animal"} and found.count("animal") == 3
    assert "cat" in everyday_names()[281] and "dog" in everyday_names()[200]
