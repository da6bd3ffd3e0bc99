"""What is said of a scene: statements whose truth is known, and foils, which differ in one word and are false."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

from vtviz.scenes.things import COLOURS, SHAPES, Thing

CAPTIONS = 5  # of a photo
NUMBERS = {2: "two", 3: "three"}
OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}
LEADS = ("", "", "", "a photo of ", "a picture with ", "here you see ")
PLACES = tuple(f"{row} {column}" for row in ("top", "bottom") for column in ("left", "right"))
CORNER = 0.4  # fraction of the photo: a thing whose centre is this close to both edges is in the corner
CLEAR = 0.2  # fraction of the photo by which centres differ before a caption says how two things lie
TRIES = 20  # words for a foil, before another word of the caption is exchanged


@dataclass(frozen=True)
class Phrase:
    """Names things: "two small red circles", "a red circle at the top left"; ``size`` and ``place`` may be empty."""

    count: int
    size: str
    colour: str
    shape: str
    place: str = ""

    def words(self) -> str:
        """The phrase without its place."""
        number = NUMBERS.get(self.count, "a")
        noun = self.shape if self.count == 1 else self.shape + ("es" if self.shape.endswith("s") else "s")
        return " ".join(filter(None, (number, self.size, self.colour, noun)))

    def found(self, things: Sequence[Thing]) -> list[Thing]:
        """The things that it describes."""
        return [
            thing
            for thing in things
            if (thing.colour, thing.shape) == (self.colour, self.shape)
            and self.size in ("", thing.size)
            and self.place in ("", place_of(thing))
        ]

    def is_true(self, things: Sequence[Thing]) -> bool:
        """Whether so many of them are there: "a" means at least one, a number exactly that many."""
        count = len(self.found(things))
        return count == self.count if self.count > 1 else count > 0


@dataclass(frozen=True)
class Statement:
    """Phrases joined by "and"; or two of them, the first lying in a ``relation`` to the second."""

    phrases: tuple[Phrase, ...]
    relation: str = ""
    lead: str = ""

    def is_true(self, things: Sequence[Thing]) -> bool:
        """Whether all that it says holds of the things in a scene."""
        if not all(phrase.is_true(things) for phrase in self.phrases):
            return False
        first, second = (phrase.found(things) for phrase in (self.phrases[0], self.phrases[-1]))
        return not self.relation or any(lies(self.relation, a, b) for a in first for b in second)

    def written(self) -> tuple[str, list[tuple[int, int]]]:
        """The text, and the characters ``[start, end)`` of each phrase without its place."""
        text, spans = self.lead, []
        for index, phrase in enumerate(self.phrases):
            text += self._joint(index)
            spans.append((len(text), len(text) + len(phrase.words())))
            text += phrase.words() + (f" at the {phrase.place}" if phrase.place else "")
        return text, spans

    def _joint(self, index: int) -> str:
        if index == 0:
            return ""
        if self.relation:
            return f" {self.relation} {'of ' if self.relation in ('left', 'right') else ''}"
        return " and " if index == len(self.phrases) - 1 else " , "


def place_of(thing: Thing) -> str:
    """The corner that a thing stands in, such as "top left"; empty where it stands in none."""
    x, y = thing.centre
    row = "top" if y < CORNER else "bottom" if y > 1 - CORNER else ""
    column = "left" if x < CORNER else "right" if x > 1 - CORNER else ""
    return f"{row} {column}" if row and column else ""


def lies(relation: str, one: Thing, other: Thing, by: float = 0.0) -> bool:
    """Whether one thing lies left, right, above or below of another, by more than a fraction of the photo."""
    axis = 0 if relation in ("left", "right") else 1
    distance = other.centre[axis] - one.centre[axis]
    return (distance if relation in ("left", "above") else -distance) > by


def describe(things: Sequence[Thing], rng: random.Random) -> list[Statement]:
    """Different true statements about a scene, ``CAPTIONS`` of them, most of which name two things."""
    chosen: dict[str, Statement] = {}
    while len(chosen) < CAPTIONS:
        statement = replace(_statement(things, rng), lead=rng.choice(LEADS))
        chosen.setdefault(statement.written()[0], statement)
    return list(chosen.values())


def _statement(things: Sequence[Thing], rng: random.Random) -> Statement:
    kinds = list(dict.fromkeys((thing.shape, thing.colour, thing.size) for thing in things))
    own = {kind: [thing for thing in things if (thing.shape, thing.colour, thing.size) == kind] for kind in kinds}
    single = [of[0] for of in own.values() if len(of) == 1]
    relations = [
        (one, relation, other)
        for one, other in permutations(single, 2)
        for relation in OPPOSITE
        if lies(relation, one, other, CLEAR)
    ]
    if relations and rng.random() < 0.5:
        one, relation, other = rng.choice(relations)
        return Statement((_phrase([one], rng), _phrase([other], rng)), relation)
    count = min(len(kinds), rng.choice((1, 2, 2, 2, 2, 3, 3)))
    phrases = [_phrase(own[kind], rng) for kind in rng.sample(kinds, k=count)]
    return Statement(tuple(_placed(phrase, things) if rng.random() < 0.35 else phrase for phrase in phrases))


def _phrase(things: Sequence[Thing], rng: random.Random) -> Phrase:
    thing = things[0]
    says_size = thing.size != "medium" and rng.random() < 0.4
    return Phrase(len(things), thing.size if says_size else "", thing.colour, thing.shape)


def _placed(phrase: Phrase, things: Sequence[Thing]) -> Phrase:
    """The phrase with its thing's corner, where it is a single thing in one."""
    return replace(phrase, place=place_of(phrase.found(things)[0])) if phrase.count == 1 else phrase


@dataclass(frozen=True)
class Foil:
    """A false sentence, made from a true one by putting ``now`` where ``was`` stood."""

    text: str
    was: str
    now: str


def foil_of(statement: Statement, things: Sequence[Thing], rng: random.Random) -> Foil:
    """A foil of a statement: another colour, shape, size, number, place or relation."""
    text = statement.written()[0]
    while True:
        changed = rng.choice(list(_changes(statement)))
        for _ in range(TRIES):
            other = _with_another(statement, *changed, rng)
            differing = [(a, b) for a, b in zip(text.split(), other.written()[0].split(), strict=True) if a != b]
            if len(differing) == 1 and not other.is_true(things):
                return Foil(other.written()[0], *differing[0])


def _changes(statement: Statement) -> Iterator[tuple[int, str]]:
    """What can be exchanged: the index of a phrase (-1 for the relation) and a part of it."""
    if statement.relation:
        yield from ((-1, "relation"), (-1, "relation"))
    for index, phrase in enumerate(statement.phrases):
        yield from ((index, "colour"), (index, "shape"))
        yield from ((index, name) for name in ("size", "place") if getattr(phrase, name))
        yield from ((index, "count") for _ in range(phrase.count > 1))


def _with_another(statement: Statement, index: int, name: str, rng: random.Random) -> Statement:
    if index < 0:
        return replace(statement, relation=OPPOSITE[statement.relation])
    choices: dict[str, Sequence[Any]] = {
        "colour": COLOURS,
        "shape": SHAPES,
        "size": ("small", "large"),
        "place": PLACES,
        "count": tuple(NUMBERS),
    }
    phrases = list(statement.phrases)
    phrases[index] = replace(phrases[index], **{name: rng.choice(choices[name])})
    return replace(statement, phrases=tuple(phrases))
