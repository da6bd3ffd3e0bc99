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

from vtviz.evaluation.split import Row, read_rows
from vtviz.training.vtviz_base.data.lexicon import Lexicon
from vtviz.training.vtviz_base.data.named import NamedThings
from vtviz.training.vtviz_base.data.photo_texts import PhotoTexts, Text
from vtviz.training.vtviz_base.data.views import View

LONGEST = 26  # pieces of a text in training; all texts of a batch cost as much as the longest
FOILS = 0.5  # share of the distinct texts that are held against a foil

Rows = np.ndarray | Mapping[int, np.ndarray]  # of a part of the cache, each [patches, channels]
Item = tuple[str, int, Text]  # a part of the cache, a row of it, and a text about it


@dataclass(frozen=True)
class Others:
    """Texts that belong to some items: text k, ``ids`` and ``mask [n, T]``, to item ``owner[k]``."""

    owner: Tensor
    ids: Tensor
    mask: Tensor


@dataclass(frozen=True)
class Batch:
    """``features [n, patches, channels]``, ``ids`` and ``mask [n, T]``; phrase k belongs to item ``owner[k]`` and
    covers the pieces ``pieces[k] [T]`` and the patches ``regions[k] [patches]``.

    ``distinct [n]`` is False for texts that may be true of other photos too. ``foils`` are texts that are not true of
    their item's photo, ``twins`` say in English what their item's text says; where ``twin_of[k]`` is not -1, phrase k
    is the pieces ``twin_pieces[k] [Tt]`` of that twin.
    """

    features: Tensor
    ids: Tensor
    mask: Tensor
    owner: Tensor
    pieces: Tensor
    regions: Tensor
    distinct: Tensor
    foils: Others
    twins: Others
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
        """A text about a photo with a view of it, a random one unless its number is passed."""
        number = rng.randrange(len(self.views)) if view_number is None else view_number
        note = self.views[number][row]
        return f"train-{number}", row, self.texts.draw(row, View(tuple(note["crop"]), note["flipped"]), rng, kind)

    def batches(self, photos: int, named: int, seed: int, start: int) -> Iterator[Batch]:
        """Endless batches, from step ``start``; every photo once per epoch; each step has its own seed."""
        per_epoch = max(len(self.rows) // photos, 1)
        step = start
        while True:
            order = random.Random(f"{seed}-{step // per_epoch}").sample(range(len(self.rows)), len(self.rows))
            first = (step % per_epoch) * photos
            rng = random.Random(f"{seed}-{step}-items")
            items = [self.photo(row, rng) for row in order[first : first + photos]]
            items += [self.named.draw(rng) for _ in range(named)] if self.named else []
            yield self.batch([(part, row, _with_fewer_foils(text, rng)) for part, row, text in items])
            step += 1

    def batch(self, items: list[Item]) -> Batch:
        """The items as tensors."""
        texts = [text for _, _, text in items]
        encoded = self._encoded([text.text for text in texts])
        twin_owners = [index for index, text in enumerate(texts) if text.twin]
        twins = self._encoded([texts[index].twin or "" for index in twin_owners])
        with_foil = [index for index, text in enumerate(texts) if text.foil]
        foils = self._encoded([texts[index].foil or "" for index in with_foil])
        differ = [foil.ids != encoded[index].ids for index, foil in zip(with_foil, foils, strict=True)]
        foil_owners, foils = list(compress(with_foil, differ)), list(compress(foils, differ))
        ids, mask = padded(encoded)
        twin_ids, twin_mask = padded(twins)
        owner, pieces, regions, twin_of, twin_pieces = [], [], [], [], []
        for index, text in enumerate(texts):
            twin = twin_owners.index(index) if text.twin else -1
            for phrase in text.phrases:
                covered = covering(encoded[index], phrase.start, phrase.end, ids.shape[1])
                if covered.any():
                    own = covering(twins[twin], *phrase.twin, twin_ids.shape[1]) if phrase.twin and twin >= 0 else None
                    owner.append(index)
                    pieces.append(covered)
                    regions.append(phrase.region)
                    twin_of.append(twin if own is not None and own.any() else -1)
                    twin_pieces.append(np.zeros(twin_ids.shape[1], bool) if own is None else own)
        features = np.stack([self.features[part][row] for part, row, _ in items])
        patches = features.shape[1]
        return Batch(
            torch.from_numpy(features),
            ids,
            mask,
            torch.tensor(owner, dtype=torch.int64),
            torch.from_numpy(np.array(pieces, bool).reshape(-1, ids.shape[1])),
            torch.from_numpy(np.array(regions, np.float32).reshape(-1, patches)),
            torch.tensor([text.distinct for text in texts]),
            Others(torch.tensor(foil_owners, dtype=torch.int64), *padded(foils)),
            Others(torch.tensor(twin_owners, dtype=torch.int64), twin_ids, twin_mask),
            torch.tensor(twin_of, dtype=torch.int64),
            torch.from_numpy(np.array(twin_pieces, bool).reshape(-1, twin_ids.shape[1])),
        )

    def _encoded(self, texts: list[str]) -> list[Encoding]:
        encoded: list[Encoding] = self.tokenizer.encode_batch(texts)
        for text in encoded:
            text.truncate(LONGEST)
        return encoded


def _with_fewer_foils(text: Text, rng: random.Random) -> Text:
    """The text, without its foil in a share of the cases where other wrong texts and photos can be found for it."""
    return replace(text, foil=None) if text.distinct and rng.random() >= FOILS else text


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
