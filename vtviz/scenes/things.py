"""What stands in a scene: drawn things of a shape, colour and size, at places that do not overlap."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import product
from typing import Literal

from vtviz.metrics.localisation import Box

SHAPES = ("circle", "square", "triangle", "star", "heart", "cross", "ring", "diamond")
COLOURS = ("red", "green", "blue", "yellow", "purple", "pink", "white", "black")
Size = Literal["small", "medium", "large"]
SIDES: dict[Size, tuple[float, float]] = {"small": (0.15, 0.19), "medium": (0.23, 0.28), "large": (0.34, 0.42)}
KINDS = (2, 2, 3, 3, 3, 4)  # of things in a scene
COUNTS = (1, 1, 1, 1, 2, 3)  # things of one kind
MOST_LARGE = 2  # kinds
TRIES = 60  # places for a thing, before the scene is begun anew
MARGIN = 0.02  # between things, and to the edge, as a fraction of the shorter side


@dataclass(frozen=True)
class Thing:
    """A drawn thing. ``box`` (x0, y0, x1, y1) holds it, in fractions of the photo's width and height."""

    shape: str
    colour: str
    size: Size
    box: Box

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of its box, in fractions of the photo."""
        x0, y0, x1, y1 = self.box
        return (x0 + x1) / 2, (y0 + y1) / 2


def lay_out(rng: random.Random, width: int, height: int) -> list[Thing]:
    """Things for a photo of ``width`` × ``height`` pixels. Those of one kind share shape, colour and size, and no other
    kind has their shape and colour."""
    while True:
        kinds = rng.sample(list(product(SHAPES, COLOURS)), k=rng.choice(KINDS))
        things: list[Thing] = []
        large = 0
        for shape, colour in kinds:
            count, size = rng.choice(COUNTS), rng.choice(tuple(SIDES))
            if size == "large":
                large += 1
                count, size = 1, size if large <= MOST_LARGE else "medium"
            for _ in range(count):
                box = _free_box(rng, size, [thing.box for thing in things], width, height)
                if box is None:
                    break
                things.append(Thing(shape, colour, size, box))
            else:
                continue
            break
        else:
            return things


def _free_box(rng: random.Random, size: Size, taken: list[Box], width: int, height: int) -> Box | None:
    """A square of this size that overlaps none of the boxes; None where none was found."""
    shorter = min(width, height)
    side = rng.uniform(*SIDES[size]) * shorter
    across, down = side / width, side / height
    gap_x, gap_y = MARGIN * shorter / width, MARGIN * shorter / height
    for _ in range(TRIES):
        x0, y0 = rng.uniform(gap_x, 1 - across - gap_x), rng.uniform(gap_y, 1 - down - gap_y)
        box = (x0, y0, x0 + across, y0 + down)
        wide = (x0 - gap_x, y0 - gap_y, box[2] + gap_x, box[3] + gap_y)
        if not any(_overlap(wide, other) for other in taken):
            return box
    return None


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
