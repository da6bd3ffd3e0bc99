"""Training items: cached features, a text, and the regions of its phrases."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from vtviz.evaluation.split import Row, read_rows
from vtviz.training.vtviz_base.data.everyday_names import everyday_names
from vtviz.training.vtviz_base.data.regions import coverage
from vtviz.training.vtviz_base.data.views import View

TEMPLATES = ("a photo of {}", "{}", "a picture of {}", "this is {}", "there is {}", "{} in a photo")
JOINERS = (" and ", ", ", " next to ", " with ", " in front of ")
SEVERAL = 0.6  # share of the texts on scenes that name several things

Rows = np.ndarray | Mapping[int, np.ndarray]  # of a part of the cache, each [patches, channels]


@dataclass(frozen=True)
class Batch:
    """``features [n, patches, channels]``, ``ids`` and ``mask [n, T]``; phrase k belongs to item ``owner[k]`` and
    covers the pieces ``pieces[k] [T]`` and the patches ``regions[k] [patches]``."""

    features: Tensor
    ids: Tensor
    mask: Tensor
    owner: Tensor
    pieces: Tensor
    regions: Tensor


@dataclass(frozen=True)
class Item:
    """A row of a part of the cache, a text about it, and the text's phrases: start, end, and how much of each patch
    they cover, ``[patches]`` in 0..1."""

    part: str
    row: int
    text: str
    phrases: list[tuple[int, int, np.ndarray]]


class Items:
    """Draws training items from the cache: photos with captions, and named things."""

    def __init__(self, photos: Path, names: Path | None, cache: Path, side: int, tokenizer: Tokenizer) -> None:
        self.side, self.tokenizer = side, tokenizer
        self.rows = read_rows(photos / "train.jsonl")
        self.views = [read_rows(path) for path in sorted(cache.glob("train-?.jsonl"))]
        parts = [f"train-{view}" for view in range(len(self.views))]
        self.scenes: dict[str, list[Row]] = {}
        if names is not None:
            everyday = everyday_names()
            classes = read_rows(names / "classes.jsonl")
            self.names = [naming(row["names"], everyday.get(row["class"], [])) for row in classes]
            self.activation = np.load(cache / "names-0.activation.npy")
            self.scenes = {kind: _scenes(cache, kind) for kind in ("mosaic", "paste")}
            parts += ["names-0", *self.scenes]
        self.features: dict[str, Rows] = {part: np.load(cache / f"{part}.npy", mmap_mode="r") for part in parts}

    def caption(self, row: int, rng: random.Random, view_number: int | None = None) -> Item:
        """One of the captions of a photo with a view of it, a random one unless its number is passed."""
        record = self.rows[row]
        number = rng.randrange(len(self.views)) if view_number is None else view_number
        note = self.views[number][row]
        view = View(tuple(note["crop"]), note["flipped"])
        chosen = rng.randrange(len(record["captions"]))
        phrases = []
        for phrase in record["phrases"]:
            if phrase["caption"] == chosen:
                boxes = [seen for box in phrase["boxes"] if (seen := view.box(box))]
                phrases.append((phrase["start"], phrase["end"], coverage(boxes, self.side)))
        return Item(f"train-{number}", row, record["captions"][chosen], phrases)

    def named(self, rng: random.Random, parts: Sequence[str] = ("names-0", "mosaic", "paste")) -> Item:
        """A photo or scene of named things, and a short text that names one of them or several."""
        part = rng.choice(parts)
        if part == "names-0":
            row = rng.randrange(len(self.names))
            shown = [(row, (self.activation[row] > 0.5).astype(np.float64))]
        else:
            row = rng.randrange(len(self.scenes[part]))
            note = self.scenes[part][row]
            shown = list(zip(note["classes"], note["regions"], strict=True))
        count = rng.randint(2, 3) if rng.random() < SEVERAL else 1
        chosen = rng.sample(shown, k=min(count, len(shown)))
        return short_text(part, row, [(rng.choice(self.names[label]), region) for label, region in chosen], rng)

    def batch(self, items: list[Item]) -> Batch:
        """The items as tensors."""
        encoded = self.tokenizer.encode_batch([item.text for item in items])
        length = max(len(text.ids) for text in encoded)
        ids, mask = np.zeros((len(items), length), np.int64), np.zeros((len(items), length), bool)
        owner, pieces, regions = [], [], []
        for index, (item, text) in enumerate(zip(items, encoded, strict=True)):
            ids[index, : len(text.ids)], mask[index, : len(text.ids)] = text.ids, True
            for start, end, region in item.phrases:
                covered = [a < end and b > start and b > a for a, b in text.offsets]
                if any(covered):
                    owner.append(index)
                    pieces.append(np.pad(covered, (0, length - len(covered))))
                    regions.append(region)
        features = np.stack([self.features[item.part][item.row] for item in items])
        return Batch(
            torch.from_numpy(features),
            torch.from_numpy(ids),
            torch.from_numpy(mask),
            torch.tensor(owner),
            torch.from_numpy(np.stack(pieces)),
            torch.from_numpy(np.stack(regions)).float(),
        )

    def batches(self, captions: int, named: int, seed: int, start: int) -> Iterator[Batch]:
        """Endless batches, from step ``start``; every photo once per epoch; each step has its own seed."""
        per_epoch = len(self.rows) // captions
        step = start
        while True:
            order = random.Random(f"{seed}-{step // per_epoch}").sample(range(len(self.rows)), len(self.rows))
            first = (step % per_epoch) * captions
            rng = random.Random(f"{seed}-{step}-items")
            items = [self.caption(row, rng) for row in order[first : first + captions]]
            items += [self.named(rng) for _ in range(named if self.scenes else 0)]
            yield self.batch(items)
            step += 1


def short_text(part: str, row: int, things: Sequence[tuple[str, np.ndarray]], rng: random.Random) -> Item:
    """A photo or scene with a text that only names things, each with its region ``[patches]``."""
    before, after = rng.choice(TEMPLATES).split("{}")
    text, phrases = before, []
    for number, (name, region) in enumerate(things):
        text += rng.choice(JOINERS) if number else ""
        article = rng.choice(["an" if name[0].lower() in "aeiou" else "a", "the", ""])
        start, text = len(text), text + f"{article} {name}".strip()
        phrases.append((start, len(text), region))
    return Item(part, row, text + after + rng.choice(["", ".", " ."]), phrases)


def _scenes(cache: Path, kind: str) -> list[Row]:
    """The notes of composed scenes, each with the ``regions [things, patches]`` of its things."""
    notes, regions, first = read_rows(cache / f"{kind}.jsonl"), np.load(cache / f"{kind}.regions.npy"), 0
    for note in notes:
        note["regions"] = regions[first : first + len(note["classes"])].astype(np.float64)
        first += len(note["classes"])
    return notes


def naming(names: list[str], everyday: list[str]) -> list[str]:
    """What a class may be called: its names, their head nouns (an "African elephant" is an elephant too), and its
    everyday words, as many times as all of these."""
    own = [*names, *{name.split()[-1] for name in names if " " in name and name.split()[-1].isalpha()}]
    return own + [word for word in everyday for _ in range(-(-len(own) // len(everyday)))]
