"""Training items: cached features, a text, the regions of its phrases, and other texts to hold it against."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor

from vtviz.chinese import language_of
from vtviz.evaluation.split import Row, read_rows
from vtviz.training.vtviz_base.data.named import NamedThings
from vtviz.training.vtviz_base.data.texts.lexicon import Lexicon
from vtviz.training.vtviz_base.data.texts.photo_texts import PhotoTexts, Text
from vtviz.training.vtviz_base.data.views import View

LONGEST = 26  # pieces of a text in training; all texts of a batch cost as much as the longest
FOILS = 0.5  # share of the distinct texts that are held against a foil

Rows = np.ndarray | Mapping[int, np.ndarray]  # of a part of the cache, each [patches, channels]
Item = tuple[str, int, tuple[Text, ...]]  # a part of the cache, a row of it, and one text about it or two


@dataclass(frozen=True)
class Others:
    """Texts that belong to some items: text k, ``ids`` and ``mask [n, T]``, to item ``owner[k]``."""

    owner: Tensor
    ids: Tensor
    mask: Tensor


@dataclass(frozen=True)
class Batch:
    """``features [n, patches, channels]``; texts ``ids`` and ``mask [n + m, T]``, the first n of them of one item each,
    the rest second texts of items in the other language; text k is about item ``item[k]``. Phrase k belongs to text
    ``owner[k]`` and covers the pieces ``pieces[k] [T]`` and the patches ``regions[k] [patches]``.

    ``distinct [n]`` is False for first texts that may be true of other photos too. ``foils`` are texts that are not
    true of their item's photo. Text ``twin_of[k]`` is the English caption that text k translates, or -1, and
    ``twin_pieces[k] [T]`` are the pieces of it that say what phrase k does, or none.
    """

    features: Tensor
    ids: Tensor
    mask: Tensor
    item: Tensor
    owner: Tensor
    pieces: Tensor
    regions: Tensor
    distinct: Tensor
    foils: Others
    twin_of: Tensor
    twin_pieces: Tensor


class Items:
    """Draws training items from the cache: photos with texts about them, and named things.

    Args:
        rows: the training photos.
        chinese: their Chinese sentences, or None.
        lexicon: the words' translations, or None without Chinese.
        names: folder of named things, or None.
        cache: the cached features.
        side: patches along one side.
        tokenizer: the network's.
    """

    def __init__(
        self,
        rows: list[Row],
        chinese: list[Row] | None,
        lexicon: Lexicon | None,
        names: Path | None,
        cache: Path,
        side: int,
        tokenizer: Tokenizer,
    ) -> None:
        self.side, self.tokenizer, self.rows = side, tokenizer, rows
        self.views = [read_rows(path) for path in sorted(cache.glob("train-?.jsonl"))]
        self.texts = PhotoTexts(rows, chinese, lexicon, side)
        captions = [row["captions"] for row in rows]
        self.named = None if names is None else NamedThings(names, cache, captions, chinese is not None)
        parts = [f"train-{view}" for view in range(len(self.views))] + (self.named.parts if self.named else [])
        self.features: dict[str, Rows] = {part: np.load(cache / f"{part}.npy", mmap_mode="r") for part in parts}

    def photo(self, row: int, rng: random.Random, view_number: int | None = None, kind: str | None = None) -> Item:
        """A view of a photo, a random one unless its number is passed, with a text about it of some kind; where none is
        asked for, with a second one in the other language too."""
        number = rng.randrange(len(self.views)) if view_number is None else view_number
        note = self.views[number][row]
        view = View(tuple(note["crop"]), note["flipped"])
        first = self.texts.draw(row, view, rng, kind)
        second = self.texts.other(row, view, rng, first) if kind is None else None
        return f"train-{number}", row, (first,) if second is None else (first, second)

    def batches(self, photos: int, named: int, seed: int, start: int) -> Iterator[Batch]:
        """Endless batches, from step ``start``; every photo once per epoch; each step has its own seed."""
        per_epoch = max(len(self.rows) // photos, 1)
        step = start
        while True:
            order = random.Random(f"{seed}-{step // per_epoch}").sample(range(len(self.rows)), len(self.rows))
            first = (step % per_epoch) * photos
            rng = random.Random(f"{seed}-{step}-items")
            items = [self.photo(row, rng) for row in order[first : first + photos]]
            for _ in range(named if self.named else 0):
                part, scene, text = self.named.draw(rng)  # type: ignore[union-attr]
                items.append((part, scene, (text,)))
            yield self.batch([(part, row, _with_fewer_foils(texts, rng)) for part, row, texts in items])
            step += 1

    def batch(self, items: list[Item]) -> Batch:
        """The items as tensors."""
        first = [texts[0] for _, _, texts in items]
        pairs = [(index, texts[1]) for index, (_, _, texts) in enumerate(items) if len(texts) > 1]
        texts, item = [*first, *(text for _, text in pairs)], [*range(len(first)), *(index for index, _ in pairs)]
        encoded = self._encoded([text.text for text in texts])
        ids, mask = padded(encoded)
        twin_of = _twins(texts, item, len(first))
        owner, pieces, regions, twin_pieces = [], [], [], []
        for index, text in enumerate(texts):
            for phrase in text.phrases:
                covered = covering(encoded[index], phrase.start, phrase.end, ids.shape[1])
                if covered.any():
                    has_twin = phrase.twin is not None and twin_of[index] >= 0
                    span = phrase.twin if has_twin and phrase.twin is not None else (0, 0)
                    owner.append(index)
                    pieces.append(covered)
                    regions.append(phrase.region)
                    twin_pieces.append(covering(encoded[twin_of[index]], *span, ids.shape[1]))
        features = np.stack([self.features[part][row] for part, row, _ in items])
        return Batch(
            torch.from_numpy(features),
            ids,
            mask,
            torch.tensor(item),
            torch.tensor(owner, dtype=torch.int64),
            torch.from_numpy(np.array(pieces, bool).reshape(-1, ids.shape[1])),
            torch.from_numpy(np.array(regions, np.float32).reshape(-1, features.shape[1])),
            torch.tensor([text.distinct for text in first]),
            self._foils(first, encoded),
            torch.tensor(twin_of),
            torch.from_numpy(np.array(twin_pieces, bool).reshape(-1, ids.shape[1])),
        )

    def _foils(self, texts: Sequence[Text], encoded: Sequence[Encoding]) -> Others:
        """The texts' foils, but for those that are cut to the text itself."""
        owner = [index for index, text in enumerate(texts) if text.foil]
        foils = self._encoded([texts[index].foil or "" for index in owner])
        differ = [foil.ids != encoded[index].ids for index, foil in zip(owner, foils, strict=True)]
        owner, foils = list(compress(owner, differ)), list(compress(foils, differ))
        return Others(torch.tensor(owner, dtype=torch.int64), *padded(foils))

    def _encoded(self, texts: list[str]) -> list[Encoding]:
        encoded: list[Encoding] = self.tokenizer.encode_batch(texts)
        for text in encoded:
            text.truncate(LONGEST)
        return encoded


def _with_fewer_foils(texts: tuple[Text, ...], rng: random.Random) -> tuple[Text, ...]:
    """The texts, the first without its foil in a share of the cases where other wrong texts can be found for it."""
    first, *rest = texts
    return (replace(first, foil=None), *rest) if first.distinct and rng.random() >= FOILS else texts


def _twins(texts: Sequence[Text], item: Sequence[int], first: int) -> list[int]:
    """For each text the number of the English caption that it translates, or -1."""
    twins = [-1] * len(texts)
    for second in range(first, len(texts)):
        one = texts[item[second]]
        if one.caption is not None and one.caption == texts[second].caption:
            chinese, english = (second, item[second]) if language_of(one.text) == "en" else (item[second], second)
            twins[chinese] = english
    return twins


def covering(text: Encoding, start: int, end: int, length: int) -> np.ndarray:
    """Which of ``length`` pieces stand for the characters ``start:end``, ``[length]``."""
    covered = np.zeros(length, bool)
    covered[: len(text.offsets)] = [a < end and b > start and b > a for a, b in text.offsets]
    return covered


def padded(encoded: Sequence[Encoding]) -> tuple[Tensor, Tensor]:
    """Ids and mask of encoded texts, ``[texts, T]`` each."""
    length = max((len(text.ids) for text in encoded), default=1)
    ids = [text.ids + [0] * (length - len(text.ids)) for text in encoded]
    mask = [[t < len(text.ids) for t in range(length)] for text in encoded]
    return torch.tensor(ids, dtype=torch.int64).reshape(-1, length), torch.tensor(mask, dtype=torch.bool).reshape(
        -1, length
    )
