"""The things that a photo's captions name, with all of their boxes: the material of short texts about one thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from vtviz.evaluation.question_words import singular
from vtviz.evaluation.questions import phrases_of
from vtviz.evaluation.split import Row
from vtviz.metrics.localisation import Box

NOT_THINGS = {"scene", "bodyparts"}
SMALL = 0.15  # share of the photo's area that all boxes of a thing cover together
SHORT_TEXT = "a photo of a {}."
LARGE_WEIGHT = 0.3  # of a thing that is not small, relative to one that is


@dataclass(frozen=True)
class Thing:
    """A noun in the singular, and where in the photo such things are."""

    noun: str
    boxes: tuple[Box, ...]
    is_clothing: bool

    @property
    def is_small(self) -> bool:
        """Whether all of its boxes together cover little of the photo."""
        return sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in self.boxes) < SMALL


def things_of(row: Row) -> list[Thing]:
    """The things in a photo, by the boxes of all captions' phrases about them."""
    boxes: dict[str, set[Box]] = {}
    kinds: dict[str, set[str]] = {}
    for phrase in phrases_of(row):
        if phrase.boxes and not set(phrase.kind) <= NOT_THINGS:  # a boat is a vehicle and a scene
            boxes.setdefault(singular(phrase.noun), set()).update(phrase.boxes)
            kinds.setdefault(singular(phrase.noun), set()).update(phrase.kind)
    return [Thing(noun, tuple(sorted(own, key=tuple)), "clothing" in kinds[noun]) for noun, own in boxes.items()]


def thing_weights(things: Sequence[Sequence[Thing]]) -> list[list[float]]:
    """How often each thing of each photo should be asked about, relative to others: rare and small ones more often."""
    counts = Counter(thing.noun for own in things for thing in own)
    return [[(1.0 if t.is_small else LARGE_WEIGHT) / counts[t.noun] ** 0.5 for t in own] for own in things]


def richest(things: Sequence[Sequence[Thing]], count: int) -> list[int]:
    """The ``count`` photos whose things weigh most, in their order."""
    totals = [sum(own) for own in thing_weights(things)]
    return sorted(sorted(range(len(totals)), key=lambda row: -totals[row])[:count])


def small_things(row: Row) -> Row:
    """A row with a short text for each small thing in a photo, such as a person types who looks for it."""
    captions: list[str] = []
    phrases: list[Row] = []
    start = len(SHORT_TEXT.split("{}")[0])
    for thing in things_of(row):
        if thing.is_small and not thing.is_clothing:
            end = start + len(thing.noun)
            phrases.append({"caption": len(captions), "start": start, "end": end, "boxes": thing.boxes})
            captions.append(SHORT_TEXT.format(thing.noun))
    return {"captions": captions, "phrases": phrases}
