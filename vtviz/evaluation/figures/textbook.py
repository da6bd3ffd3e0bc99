"""Whether printed figures can be true: every confusion matrix with so many pairs is tried.

A textbook prints, for 100 pairs, 50 of each category: "98 right, 2 wrong, accuracy 96 %, precision .98, recall .96",
and for the second category 1.00 throughout. No matrix gives these figures.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from vtviz.evaluation.figures.confusion import Confusion

HALF = 1e-9  # what a figure may lie beyond half a unit of its last digit: rounding of the machine
Figure = Callable[[Confusion], np.ndarray]


@dataclass(frozen=True)
class Printed:
    """A printed figure: its name in ``FIGURES``, its value, and half a unit of its last digit (0 for a count)."""

    name: str
    value: float
    half: float = 0.005

    def fits(self, confusion: Confusion) -> np.ndarray:
        """Whether matrices ``[...]`` give this figure to rounding."""
        values = FIGURES[self.name](confusion)
        return np.abs(np.nan_to_num(values, nan=np.inf) - self.value) <= self.half + HALF


FIGURES: dict[str, Figure] = {
    "right": lambda confusion: confusion.right.astype(float),
    "accuracy": lambda confusion: confusion.accuracy,
    "match_precision": lambda confusion: confusion.precision,
    "match_recall": lambda confusion: confusion.recall,
    "match_f1": lambda confusion: confusion.f1,
    "mismatch_precision": lambda confusion: confusion.of("mismatch").precision,
    "mismatch_recall": lambda confusion: confusion.of("mismatch").recall,
    "mismatch_f1": lambda confusion: confusion.of("mismatch").f1,
}

EACH = 50  # pairs of either category in the book
BOOK = (
    Printed("right", 98, 0.0),
    Printed("accuracy", 0.96),
    Printed("match_precision", 0.98),
    Printed("match_recall", 0.96),
    Printed("mismatch_precision", 1.0),
    Printed("mismatch_recall", 1.0),
)


def all_matrices(matches: int, mismatches: int) -> Confusion:
    """Every confusion matrix with so many pairs of either category, ``[(matches + 1) × (mismatches + 1)]``."""
    tp, tn = (part.ravel() for part in np.mgrid[0 : matches + 1, 0 : mismatches + 1])
    return Confusion(tp, matches - tp, mismatches - tn, tn)


def one_matrix(tp: int, fn: int, fp: int, tn: int) -> Confusion:
    """A single matrix, ``[]``."""
    return Confusion(*(np.asarray(count) for count in (tp, fn, fp, tn)))


def reachable(printed: Collection[Printed], confusion: Confusion) -> int:
    """How many of the matrices give all of these figures."""
    return int(np.logical_and.reduce([figure.fits(confusion) for figure in printed]).sum())


def contradictions(printed: Collection[Printed], confusion: Confusion) -> list[tuple[Printed, ...]]:
    """The smallest sets of figures that no matrix gives together; sets that hold a smaller one are left out."""
    found: list[tuple[Printed, ...]] = []
    for size in range(1, len(printed) + 1):
        for group in combinations(printed, size):
            if not any(set(known) <= set(group) for known in found) and not reachable(group, confusion):
                found.append(group)
    return found


def most_fitting(printed: Collection[Printed], confusion: Confusion) -> tuple[int, Confusion]:
    """The most figures that one matrix gives, and the first matrix that gives so many."""
    counts = np.sum([figure.fits(confusion) for figure in printed], axis=0)
    best = int(counts.argmax())
    first = (confusion.tp[best], confusion.fn[best], confusion.fp[best], confusion.tn[best])
    return int(counts[best]), one_matrix(*map(int, first))
