"""The confusion matrix of the two categories, match and mismatch, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vtviz.evaluation.figures.scored import Scored

CATEGORIES = ("match", "mismatch")
CELLS = ("tp", "fn", "fp", "tn")


@dataclass(frozen=True, eq=False)
class Confusion:
    """Counts of pairs, each an array of one shape ``[...]``: one matrix, one for every threshold, or one for every
    resample.

    ``tp`` are true pairs called a match, ``fn`` true pairs called a mismatch, ``fp`` wrong pairs called a match, ``tn``
    wrong pairs called a mismatch. Figures without a meaning, such as the precision where nothing is called a match, are
    NaN. Precision, recall and F1 are those of the category match; ``of("mismatch")`` has those of the other.
    """

    tp: np.ndarray
    fn: np.ndarray
    fp: np.ndarray
    tn: np.ndarray

    def of(self, category: str) -> Confusion:
        """The same counts with ``category`` as the one that is looked for."""
        return self if category == "match" else Confusion(self.tn, self.fp, self.fn, self.tp)

    @property
    def right(self) -> np.ndarray:
        return self.tp + self.tn

    @property
    def total(self) -> np.ndarray:
        return self.tp + self.fn + self.fp + self.tn

    @property
    def accuracy(self) -> np.ndarray:
        return share(self.right, self.total)

    @property
    def precision(self) -> np.ndarray:
        return share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> np.ndarray:
        return share(self.tp, self.tp + self.fn)

    @property
    def fall_out(self) -> np.ndarray:
        """The false positive rate."""
        return share(self.fp, self.fp + self.tn)

    @property
    def f1(self) -> np.ndarray:
        return share(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """``part / whole``, NaN where the whole is nothing."""
    part, whole = np.asarray(part, float), np.asarray(whole, float)
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)


def at_threshold(scored: Scored, threshold: float) -> Confusion:
    """The confusion matrix where a pair is called a match if its score is at least the threshold."""
    counts = np.bincount(cells(scored, threshold), minlength=4)
    return Confusion(*counts)


def cells(scored: Scored, threshold: float) -> np.ndarray:
    """Where in CELLS each pair falls, ``[n]``."""
    called = scored.scores >= threshold
    return np.where(scored.labels, np.where(called, 0, 1), np.where(called, 2, 3))


def at_every_threshold(scored: Scored) -> tuple[np.ndarray, Confusion]:
    """The thresholds that make a difference, from ∞ (nothing is a match) down to the lowest score (everything is),
    ``[1 + distinct]``, and their confusion matrices."""
    labels = scored.labels[scored.order]
    ends = np.append(scored.starts[1:], len(scored)) if len(scored) else scored.starts
    tp = np.concatenate([[0], np.cumsum(labels)[ends - 1]])
    fp = np.concatenate([[0], np.cumsum(~labels)[ends - 1]])
    thresholds = np.concatenate([[np.inf], scored.scores[scored.order][scored.starts]])
    return thresholds, Confusion(tp, tp[-1] - tp, fp, fp[-1] - fp)
