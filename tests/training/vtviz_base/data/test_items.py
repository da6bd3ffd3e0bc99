"""Batches of items with all that they are held against."""

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import Whitespace

from vtviz.training.vtviz_base.data.items import LONGEST, Items
from vtviz.training.vtviz_base.data.texts.photo_texts import Phrase, Text

WORDS = ["[PAD]", "[UNK]", "a", "dog", "runs", "cat", "狗", "跑"]


@pytest.fixture
def items(tmp_path: Path) -> Items:
    rows = [{"image": f"{i}.jpg", "captions": ["a dog runs"], "phrases": []} for i in range(4)]
    view = {"crop": [0, 0, 1, 1], "flipped": False}
    (tmp_path / "train-0.jsonl").write_text("".join(json.dumps({"row": i, **view}) + "\n" for i in range(4)))
    np.save(tmp_path / "train-0.npy", np.arange(4 * 16 * 2, dtype=np.float16).reshape(4, 16, 2))
    tokenizer = Tokenizer(WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()  # type: ignore[assignment]
    return Items(rows, None, None, None, tmp_path, 4, tokenizer)


def test_texts_foils_and_twins_keep_their_items(items: Items) -> None:
    region = np.eye(1, 16)[0]
    chinese = Text("狗 跑", [Phrase(0, 1, 2 * region, (2, 5)), Phrase(2, 3, region)], caption=1)
    english = Text("a dog runs", [Phrase(2, 5, region)], caption=1)
    texts = [(Text("a dog", [Phrase(2, 5, region)], foil="a cat"),), (english, chinese)]
    texts.append((Text("runs", foil="cat runs", distinct=False), replace(chinese, caption=None)))
    batch = items.batch([("train-0", 3 - number, own) for number, own in enumerate(texts)])
    assert batch.features[:, 0, 0].tolist() == [96, 64, 32]
    assert batch.ids.tolist() == [[2, 3, 0], [2, 3, 4], [4, 0, 0], [6, 7, 0], [6, 7, 0]]
    assert batch.mask.sum(dim=1).tolist() == [2, 3, 1, 2, 2] and batch.item.tolist() == [0, 1, 2, 1, 2]
    assert batch.owner.tolist() == [0, 1, 3, 3, 4, 4]
    assert [row.nonzero()[:, 0].tolist() for row in batch.pieces] == [[1], [1], [0], [1], [0], [1]]
    assert batch.regions[:, 0].tolist() == [1, 1, 2, 1, 2, 1]
    assert batch.distinct.tolist() == [True, True, False]
    assert batch.foils.owner.tolist() == [0, 2] and batch.foils.ids.tolist() == [[2, 5], [5, 4]]
    assert batch.twin_of.tolist() == [-1, -1, -1, 1, -1], "the last text translates no caption"
    assert [row.nonzero()[:, 0].tolist() for row in batch.twin_pieces] == [[], [], [1], [], [], []]


def test_a_chinese_text_that_comes_first_translates_its_second(items: Items) -> None:
    chinese, english = Text("狗", [Phrase(0, 1, np.ones(16), (0, 3))], caption=0), Text("dog runs", caption=0)
    batch = items.batch([("train-0", 0, (chinese, english))])
    assert batch.twin_of.tolist() == [1, -1] and batch.twin_pieces.tolist() == [[True, False]]


def test_a_foil_that_is_cut_to_the_text_itself_is_left_out(items: Items) -> None:
    long = " ".join(["dog"] * LONGEST)
    text = Text(long + " runs", foil=long + " cat")
    batch = items.batch([("train-0", 0, (text,)), ("train-0", 1, (replace(text, foil="cat"),))])
    assert batch.ids.shape == (2, LONGEST) and batch.foils.owner.tolist() == [1]


def test_batches_depend_on_the_step_alone_and_show_every_photo_once(items: Items) -> None:
    source = items.batches(2, 0, seed=3, start=0)
    first, second, third = (next(source) for _ in range(3))
    shown = torch.cat([first.features, second.features])[:, 0, 0]
    assert sorted(shown.tolist()) == [0, 32, 64, 96]
    again = next(items.batches(2, 0, seed=3, start=2))
    assert torch.equal(again.features, third.features) and torch.equal(again.ids, third.ids)


def test_a_photo_is_drawn_with_the_view_that_its_part_shows(items: Items) -> None:
    part, row, texts = items.photo(2, random.Random(0))
    assert (part, row, texts[0].caption, len(texts)) == ("train-0", 2, 0, 1)
