"""Batches of the recurrent network's training: what belongs to what."""

from typing import Any

import numpy as np
import pytest
import torch

from vtviz.evaluation.split import split_row
from vtviz.models.recurrent.network import PAD, UNKNOWN
from vtviz.models.recurrent.vocabulary import Words, count_words
from vtviz.scenes.compose import compose
from vtviz.training.loop import moved
from vtviz.training.recurrent.items import Items
from vtviz.training.recurrent.matching import mirror

ROWS: list[dict[str, Any]] = [compose("train", index, 1)[0] for index in range(10)]
WORDS = Words(count_words([caption for row in ROWS for caption in row["captions"]], 1))
NAMES = {WORDS.id_of(word): word for word in WORDS.counts}


def said(ids: torch.Tensor) -> list[str]:
    return [NAMES.get(number, "?") for number in ids.tolist() if number != PAD]


def test_texts_belong_to_their_photo_and_foils_follow() -> None:
    items = Items(ROWS, WORDS, side=10)
    for number in range(6):
        batch = items.batch(number, photos=4, captions=2, seed=0)
        assert batch.item[:8].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
        assert batch.item[8:].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]  # scenes bring a foil for every caption
        for index, place in enumerate(batch.item.tolist()):
            row = ROWS[int(batch.photos[place])]
            texts = row["captions"] if index < 8 else [foil["text"] for foil in row["foils"]]
            words = said(batch.ids[index])
            matches = [t for t in texts if len(t.split()) == len(words)]
            agreeing = [t for t in matches if all(b in (a, "?") for a, b in zip(t.split(), words, strict=True))]
            assert agreeing, (texts, words)
        assert batch.mask.equal(batch.ids != PAD)


def test_every_photo_comes_once_in_an_epoch_and_batches_depend_on_their_number_alone() -> None:
    items = Items(ROWS, WORDS, side=10)
    shown = [int(row) for number in range(2) for row in items.batch(number, 5, 1, seed=3).photos]
    assert sorted(shown) == list(range(10))
    source = items.batches(5, 1, 3, start=1)
    first, again = next(source), items.batch(1, 5, 1, seed=3)
    for name in ("photos", "ids", "mirrored", "regions"):
        assert getattr(first, name).equal(getattr(again, name)), name
    assert not first.photos.equal(items.batch(1, 5, 1, seed=4).photos)


def test_phrases_mark_their_words_and_their_boxes_also_in_a_mirrored_photo() -> None:
    row = split_row(
        {
            "image": "a.jpg",
            "captions": ["a red ring and a blue cross"],
            "phrases": [{"caption": 0, "start": 15, "end": 27, "boxes": [[0.0, 0.0, 0.5, 0.5]]}],
        },
        1,
        "train.jsonl",
    )
    items = Items([row, row], Words(count_words(row["captions"], 1)), side=2)
    seen = set()
    for number in range(12):
        batch = items.batch(number, 2, 1, seed=0)
        for owner, pieces, region in zip(batch.owner.tolist(), batch.pieces, batch.regions, strict=True):
            assert pieces.nonzero()[:, 0].tolist() == [4, 5, 6]
            mirrored = bool(batch.mirrored[batch.item[owner]])
            seen.add(mirrored)
            assert region.tolist() == ([0, 1, 0, 0] if mirrored else [1, 0, 0, 0])
    assert seen == {False, True}


def test_photos_with_left_and_right_in_their_captions_are_not_mirrored() -> None:
    row = {"image": "a.jpg", "captions": ["a ring left of a cross"], "phrases": []}
    items = Items([row, row], Words({"ring": 1}), side=2)
    assert not any(items.batch(number, 2, 1, 0).mirrored.any() for number in range(10))


def test_words_are_sometimes_forgotten_so_that_the_unknown_word_is_learnt() -> None:
    items = Items(ROWS, WORDS, side=10)
    ids = torch.cat([items.batch(number, 10, 2, 0).ids.flatten() for number in range(30)])
    real = ids[ids != PAD]
    assert float((real == UNKNOWN).float().mean()) == pytest.approx(0.03, abs=0.012)


def test_features_are_mirrored_by_columns() -> None:
    grid = torch.arange(8.0).reshape(2, 4, 1)
    flipped = mirror(grid, torch.tensor([True, False]), side=2)
    assert flipped[..., 0].tolist() == [[1, 0, 3, 2], [4, 5, 6, 7]]


def test_without_own_foils_one_word_is_changed_by_rules() -> None:
    row = {"image": "a.jpg", "captions": ["two red rings"], "phrases": []}
    words = Words({word: 1 for word in ("two", "red", "rings")})
    batch = Items([row, row], words, side=2).batch(0, 2, 1, 0)
    assert len(batch.ids) == 4
    different = (batch.ids[2:] != batch.ids[:2]).sum(dim=1)
    assert np.isin(different.numpy(), (1, 2)).all()  # a forgotten word may differ too


def test_a_batch_moves_to_a_device_with_all_that_it_holds() -> None:
    batch = Items(ROWS, WORDS, side=4).batch(0, 4, 1, 0)
    away = moved(batch, torch.device("meta"))
    assert {value.device.type for value in vars(away).values()} == {"meta"}
