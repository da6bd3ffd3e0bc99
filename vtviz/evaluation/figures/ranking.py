"""How well scores rank true pairs above wrong ones, whatever the threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vtviz.evaluation.figures.confusion import Confusion, at_every_threshold, share
from vtviz.evaluation.figures.scored import Scored


@dataclass(frozen=True, eq=False)
class Ranking:
    """Areas ``[...]``; NaN where one category has no pairs. The AUC is the same for both categories; ``match`` and
    ``mismatch`` are the average precision of each."""

    auc: np.ndarray
    match: np.ndarray
    mismatch: np.ndarray


def ranking_of(confusion: Confusion) -> Ranking:
    """The areas below the curves of confusion matrices ``[..., thresholds]``, from the threshold at which nothing is a
    match to the one at which everything is.

    The AUC is the area below the ROC curve by trapezoids, where ties count half (Hanley and McNeil, Radiology 1982);
    the average precision is Σ (Rₙ − Rₙ₋₁) Pₙ without interpolation, as in scikit-learn.
    """
    tp, fp = confusion.tp, confusion.fp
    between = (tp[..., 1:] + tp[..., :-1]) / 2
    area = (np.diff(fp) * between).sum(axis=-1)
    back = Confusion(*(counts[..., ::-1] for counts in (confusion.tn, confusion.fp, confusion.fn, confusion.tp)))
    return Ranking(share(area, tp[..., -1] * fp[..., -1]), _average_precision(confusion), _average_precision(back))


def ranking(scored: Scored) -> Ranking:
    """The areas for all pairs, ``[]``."""
    return ranking_of(at_every_threshold(scored)[1])


def _average_precision(confusion: Confusion) -> np.ndarray:
    """Of the category match."""
    gained = np.diff(confusion.tp)
    weighted = (gained * np.nan_to_num(confusion.precision[..., 1:])).sum(axis=-1)
    return share(weighted, confusion.tp[..., -1])


def thinned(x: np.ndarray, y: np.ndarray, most: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """At most ``most`` points of a curve, for drawing it: both ends, and those evenly spread between them."""
    if len(x) <= most:
        return x, y
    kept = np.unique(np.linspace(0, len(x) - 1, most).round().astype(int))
    return x[kept], y[kept]
