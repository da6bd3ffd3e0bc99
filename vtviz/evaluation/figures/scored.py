"""Match scores of pairs whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vtviz.models.finite import need_numbers


@dataclass(frozen=True, eq=False)
class Scored:
    """Pairs as numbers: ``scores [n]`` float64, ``labels [n]`` bool (True where the text describes the photo), and
    ``photos [n]``, the number of each pair's photo, from 0 and below ``photo_count``.

    Raises:
        ModelError: if a score is not a number.
    """

    scores: np.ndarray
    labels: np.ndarray
    photos: np.ndarray
    photo_count: int

    def __post_init__(self) -> None:
        need_numbers(self.scores)

    def __len__(self) -> int:
        return len(self.scores)

    @cached_property
    def order(self) -> np.ndarray:
        """The pairs from the highest score to the lowest, ``[n]``; equal scores keep their order."""
        return np.argsort(-self.scores, kind="stable")

    @cached_property
    def starts(self) -> np.ndarray:
        """Where in ``order`` each distinct score begins, ``[distinct]``: pairs with equal scores fall together."""
        ordered = self.scores[self.order]
        return np.flatnonzero(np.diff(ordered, prepend=np.inf) != 0) if len(ordered) else np.zeros(0, int)

    def where(self, chosen: np.ndarray) -> Scored:
        """Only the pairs that ``chosen [n]`` has True; photos keep their numbers."""
        return Scored(self.scores[chosen], self.labels[chosen], self.photos[chosen], self.photo_count)
