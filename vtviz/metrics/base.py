"""What a metric of an explanation declares, and what it gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from vtviz.attribution.base import Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.masked import Masked
from vtviz.inputs import ImageInput
from vtviz.metrics.localisation import Box
from vtviz.render.words import word_scores

Direction = Literal["higher", "lower", "none"]
Need = Literal["boxes", "explain", "patches", "words"]
Family = Literal["faithfulness", "localisation", "stability", "attention"]
Explain = Callable[[ImageInput, str], Relevance]
Span = tuple[float, float]

SHARE: Span = (0.0, 1.0)
SIGNED: Span = (-1.0, 1.0)


@dataclass(frozen=True)
class Subject:
    """One explanation to be measured.

    ``masked`` answers for the same photo and text with parts taken away. ``explain`` makes an explanation of the same
    kind for another photo or text; a ranking drawn at random has none. ``boxes`` are fractions of width and height and
    hold what ``phrase``, characters of the text, names (the whole text where it is None). ``steps`` is how many parts a
    ranking is taken away in. Everything random follows ``seed``.
    """

    case: Case
    image: ImageInput
    relevance: Relevance
    masked: Masked
    explain: Explain | None = None
    boxes: tuple[Box, ...] = ()
    phrase: tuple[int, int] | None = None
    steps: int = 8
    seed: int = 0

    @property
    def patch_scores(self) -> np.ndarray:
        """Relevance of each patch, row by row, ``[patches]``."""
        return self.relevance.image.ravel()

    @property
    def word_scores(self) -> np.ndarray:
        """Relevance of each word, ``[words]``."""
        return word_scores(self.case.tokens[0], self.relevance)

    @property
    def has(self) -> frozenset[Need]:
        """What there is to measure by: a method that says nothing about one side has nothing to rank there, and one
        that gives something else than numbers neither."""
        present: list[Need] = ["patches"] if _rank(self.patch_scores) else []
        present += ["words"] if _rank(self.word_scores) else []
        present += ["boxes"] if self.boxes else []
        present += ["explain"] if self.explain else []
        return frozenset(present)


def _rank(scores: np.ndarray) -> bool:
    return bool(np.isfinite(scores).all() and scores.any())


@dataclass(frozen=True)
class Size:
    """What the cost of a metric depends on: the ``steps`` of a removal, ``words`` and ``patches``."""

    steps: int
    words: int
    patches: int


@dataclass(frozen=True)
class Work:
    """Passes of a metric for each explanation: over changed ``photos``, over changed ``texts`` of a known photo, and
    further ``explanations``; ``once`` are those over photos that all explanations of a row share."""

    photos: int = 0
    texts: int = 0
    explanations: int = 0
    once: int = 0


def no_work(size: Size) -> Work:
    """That of a metric which needs no pass."""
    return Work()


@dataclass(frozen=True)
class Metric:
    """A metric of one explanation. ``direction`` says which values are better; ``needs`` what must be there for it to
    be taken; ``cost`` is in forward passes F and explanations E (k steps, W words, P patches), and ``work`` is the same
    in numbers, at most. One that is ``costly`` is taken only where it is asked for by name. ``span`` holds the lowest
    and the highest value there can be, None where there is no such bound."""

    name: str
    label: str
    family: Family
    direction: Direction
    paper: str
    cost: str
    measure: Callable[[Subject], float] = field(repr=False)
    needs: frozenset[Need] = frozenset()
    costly: bool = False
    work: Callable[[Size], Work] = field(default=no_work, repr=False)
    span: Span | None = SHARE

    def take(self, subject: Subject) -> float | None:
        """The value, or None where the explanation lacks what is needed or the value is undefined."""
        if not self.needs <= subject.has:
            return None
        value = float(self.measure(subject))
        return value if np.isfinite(value) else None
