"""Training items: cached features, a text, and the regions of its phrases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from vtviz.training.everyday import everyday_names
from vtviz.training.rows import read_rows
from vtviz.training.scenes import Box, View

TEMPLATES = ("a photo of {}", "{}", "a picture of {}", "this is {}", "there is {}", "{} in a photo")
JOINERS = (" and ", ", ", " next to ", " with ", " in front of ")
SEVERAL = 0.6  # share of the texts on scenes that name several things


@dataclass(frozen=True)
class Batch:
    """``features [n, patches, channels]``, ``ids`` and ``mask [n, T]``; phrase k belongs to item ``owner[k]``, covers
    the pieces ``pieces[k] [T]`` and the patches ``regions[k] [patches]``."""

    features: Tensor
    ids: Tensor
    mask: Tensor
    owner: Tensor
    pieces: Tensor
    regions: Tensor


@dataclass(frozen=True)
class Item:
    part: str
    row: int
    text: str
    phrases: list[tuple[int, int, np.ndarray]]  # start, end, coverage of the patches


def coverage(boxes: list[Box], side: int) -> np.ndarray:
    """How much of each patch lies inside the boxes, ``[side * side]`` in 0..1."""
    edges = np.arange(side + 1) / side
    total = np.zeros((side, side))
    for x0, y0, x1, y1 in boxes:
        across = (np.minimum(edges[1:], x1) - np.maximum(edges[:-1], x0)).clip(0) * side
        down = (np.minimum(edges[1:], y1) - np.maximum(edges[:-1], y0)).clip(0) * side
        total = np.maximum(total, np.outer(down, across))
    return total.reshape(-1)


class Items:
    """Draws training items from the cache: photos with captions, and named things."""

    def __init__(self, photos: Path, names: Path | None, cache: Path, side: int, tokenizer: Tokenizer) -> None:
        self.side, self.tokenizer = side, tokenizer
        self.rows = read_rows(photos / "train.jsonl")
        self.views = [read_rows(path) for path in sorted(cache.glob("train-?.jsonl"))]
        parts = [f"train-{view}" for view in range(len(self.views))]
        self.scenes: dict[str, list[dict]] = {}
        if names is not None:
            everyday = everyday_names()
            classes = read_rows(names / "classes.jsonl")
            self.names = [naming(row["names"], everyday.get(row["class"], [])) for row in classes]
            self.activation = np.load(cache / "names-0.activation.npy")
            self.scenes = {kind: read_rows(cache / f"{kind}.jsonl") for kind in ("mosaic", "paste")}
            parts += ["names-0", *self.scenes]
        self.features = {part: np.load(cache / f"{part}.npy", mmap_mode="r") for part in parts}

    def caption(self, row: int, rng: random.Random) -> Item:
        """A random view of a photo with one of its captions."""
        record, number = self.rows[row], rng.randrange(len(self.views))
        note = self.views[number][row]
        view = View(tuple(note["crop"]), note["flipped"])
        chosen = rng.randrange(len(record["captions"]))
        phrases = []
        for phrase in record["phrases"]:
            if phrase["caption"] == chosen:
                boxes = [box for each in phrase["boxes"] if (box := view.box(each))]
                phrases.append((phrase["start"], phrase["end"], coverage(boxes, self.side)))
        return Item(f"train-{number}", row, record["captions"][chosen], phrases)

    def named(self, rng: random.Random) -> Item:
        """A photo or scene of named things, and a short text that names one of them or several."""
        part = rng.choice(["names-0", *self.scenes])
        if part == "names-0":
            row = rng.randrange(len(self.names))
            things = [(row, (self.activation[row] > 0.5).astype(np.float64))]
        else:
            row = rng.randrange(len(self.scenes[part]))
            note = self.scenes[part][row]
            shown = list(zip(note["classes"], note["boxes"], strict=True))
            count = rng.randint(2, 3) if rng.random() < SEVERAL else 1
            chosen = rng.sample(shown, k=min(count, len(shown)))
            things = [(label, coverage([tuple(box)], self.side)) for label, box in chosen]
        before, after = rng.choice(TEMPLATES).split("{}")
        text, phrases = before, []
        for number, (label, region) in enumerate(things):
            text += rng.choice(JOINERS) if number else ""
            name = rng.choice(self.names[label])
            article = rng.choice(["an" if name[0].lower() in "aeiou" else "a", "the", ""])
            start, text = len(text), text + f"{article} {name}".strip()
            phrases.append((start, len(text), region))
        return Item(part, row, text + after + rng.choice(["", ".", " ."]), phrases)

    def batch(self, items: list[Item]) -> Batch:
        """The items as tensors."""
        encoded = self.tokenizer.encode_batch([item.text for item in items])
        length = max(len(each.ids) for each in encoded)
        ids, mask = np.zeros((len(items), length), np.int64), np.zeros((len(items), length), bool)
        owner, pieces, regions = [], [], []
        for index, (item, each) in enumerate(zip(items, encoded, strict=True)):
            ids[index, : len(each.ids)], mask[index, : len(each.ids)] = each.ids, True
            for start, end, region in item.phrases:
                covered = [a < end and b > start and b > a for a, b in each.offsets]
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
        """Endless batches, from step ``start``; every photo once an epoch; each step has its own seed."""
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


def naming(names: list[str], everyday: list[str]) -> list[str]:
    """What a class may be called: its names, the head noun of each ("African elephant" is an elephant too), and its
    everyday words as often as all of these."""
    own = [*names, *{name.split()[-1] for name in names if " " in name and name.split()[-1].isalpha()}]
    return own + [word for word in everyday for _ in range(-(-len(own) // len(everyday)))]
