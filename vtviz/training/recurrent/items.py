"""Batches: photos with true captions, captions with one word changed, and the regions of boxed phrases."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor

from vtviz.evaluation.question_words import singular
from vtviz.evaluation.questions import words_of
from vtviz.evaluation.split import Row
from vtviz.inputs import normalised
from vtviz.metrics.localisation import Box
from vtviz.models.recurrent.network import FIRST, PAD, UNKNOWN
from vtviz.models.recurrent.vocabulary import Words
from vtviz.training.vtviz_base.data.regions import coverage
from vtviz.training.vtviz_base.data.texts.photo_texts import foils_of

SIDED = {"left", "right"}  # words of captions whose photos must not be mirrored
LONGEST = 40  # words of a caption; what follows is cut in training
FORGOTTEN = 0.03  # share of the words that are replaced by the unknown word, so that it gets a vector


@dataclass(frozen=True)
class Batch:
    """``photos [P]`` are rows of the features, ``mirrored [P]`` says which are to be mirrored.

    The texts ``ids`` and ``mask [N, T]`` belong to photo ``item [N]`` of the batch: first the true ones, photo by photo
    and as many of each, then the foils. A phrase of text ``owner [F]`` has the words ``pieces [F, T]`` and covers
    ``regions [F, patches]``.
    """

    photos: Tensor
    mirrored: Tensor
    ids: Tensor
    mask: Tensor
    item: Tensor
    owner: Tensor
    pieces: Tensor
    regions: Tensor


class Items:
    """Draws batches; each depends on the seed and its number alone.

    Args:
        rows: the photos with captions, phrases and perhaps foils.
        words: the vocabulary.
        side: patches along one side.
        pinned: whether batches lie in memory that a GPU copies from directly.
    """

    def __init__(self, rows: Sequence[Row], words: Words, side: int, pinned: bool = False) -> None:
        self.rows, self.words, self.side, self.pinned = rows, words, side, pinned
        self.foils = foils_of(rows, None)
        self.said = [{singular(word) for caption in row["captions"] for word in words_of(caption)} for row in rows]
        self.sided = [any(SIDED & set(caption.lower().split()) for caption in row["captions"]) for row in rows]

    def batches(self, photos: int, captions: int, seed: int, start: int) -> Iterator[Batch]:
        """Batches from number ``start`` on, of ``photos`` with so many true ``captions`` each."""
        number = start
        while True:
            batch = self.batch(number, min(photos, len(self.rows)), captions, seed)
            yield _pinned(batch) if self.pinned else batch
            number += 1

    def batch(self, number: int, photos: int, captions: int, seed: int) -> Batch:
        """The batch of this number. Every photo comes once in an epoch, but for the few that fill no batch."""
        epoch, index = divmod(number, len(self.rows) // photos)
        order = np.random.default_rng([seed, epoch]).permutation(len(self.rows))
        chosen = order[index * photos : (index + 1) * photos]
        rng = random.Random(f"{seed}-{number}")
        mirrored = [not self.sided[row] and rng.random() < 0.5 for row in chosen]
        numbers = [self._numbers(self.rows[row]["captions"], captions, rng) for row in chosen]
        texts = [(item, self.rows[row]["captions"][k]) for item, row in enumerate(chosen) for k in numbers[item]]
        false = [
            (item, foil) for item, row in enumerate(chosen) for k in numbers[item] if (foil := self._foil(row, k, rng))
        ]
        ids, mask, spans = encode([text for _, text in (*texts, *false)], self.words)
        hide = torch.tensor([[rng.random() < FORGOTTEN for _ in range(ids.shape[1])] for _ in ids], dtype=torch.bool)
        owner, pieces, regions = [], [], []
        for text, (place, k) in enumerate((place, k) for place, own in enumerate(numbers) for k in own):
            for phrase in self.rows[chosen[place]]["phrases"]:
                covered = covering(spans[text], phrase, texts[text][1], ids.shape[1])
                if phrase["caption"] == k and covered.any():
                    owner.append(text)
                    pieces.append(covered)
                    regions.append(coverage([_mirrored(box, mirrored[place]) for box in phrase["boxes"]], self.side))
        return Batch(
            torch.from_numpy(chosen),
            torch.tensor(mirrored),
            ids.masked_fill(hide & (ids >= FIRST), UNKNOWN),
            mask,
            torch.tensor([item for item, _ in (*texts, *false)]),
            torch.tensor(owner, dtype=torch.int64),
            torch.from_numpy(np.array(pieces, bool).reshape(-1, ids.shape[1])),
            torch.from_numpy(np.array(regions, np.float32).reshape(-1, self.side**2)),
        )

    def _numbers(self, captions: Sequence[str], count: int, rng: random.Random) -> list[int]:
        """Numbers of different captions; of a photo with too few, some come again."""
        numbers = rng.sample(range(len(captions)), min(count, len(captions)))
        return [*numbers, *(rng.choice(numbers) for _ in range(count - len(numbers)))]

    def _foil(self, row: int, number: int, rng: random.Random) -> str | None:
        """A sentence that differs from a caption in one word, and is not true; the data set's own where it has one."""
        own = [str(foil["text"]) for foil in self.rows[row].get("foils", ()) if foil.get("caption") == number]
        if own:
            return rng.choice(own)
        foil = self.foils.one_of(self.rows[row]["captions"][number], self.said[row], rng)
        return foil.text if foil else None


def encode(texts: Sequence[str], words: Words) -> tuple[Tensor, Tensor, list[list[tuple[int, int]]]]:
    """Ids and mask ``[texts, T]``, and the characters ``[start, end)`` of each word of the normalised texts."""
    read = [words.read(normalised(text).strip()) for text in texts]
    rows = [ids[:LONGEST] for ids, _ in read]
    length = max(map(len, rows), default=1)
    ids = torch.tensor([[*row, *[PAD] * (length - len(row))] for row in rows], dtype=torch.int64)
    mask = torch.tensor([[place < len(row) for place in range(length)] for row in rows], dtype=torch.bool)
    return ids, mask, [spans[:LONGEST] for _, spans in read]


def covering(spans: Sequence[tuple[int, int]], phrase: Row, caption: str, length: int) -> np.ndarray:
    """Which of ``length`` words stand for a phrase of a caption, ``[length]``; the words' characters are those of the
    normalised caption."""
    stripped = len(caption) - len(caption.lstrip())
    start, end = (len(normalised(caption[stripped : phrase[edge]])) for edge in ("start", "end"))
    covered = np.zeros(length, bool)
    covered[: len(spans)] = [first < end and last > start for first, last in spans]
    return covered


def _mirrored(box: Sequence[float], is_mirrored: bool) -> Box:
    x0, y0, x1, y1 = box
    return (1.0 - x1, y0, 1.0 - x0, y1) if is_mirrored else (x0, y0, x1, y1)


def _pinned(batch: Batch) -> Batch:
    return replace(batch, **{field.name: getattr(batch, field.name).pin_memory() for field in fields(batch)})
