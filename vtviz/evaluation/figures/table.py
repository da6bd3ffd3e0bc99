"""The figures of an evaluation as plain values: what the page shows, and what the downloads hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vtviz.evaluation.figures.confusion import CATEGORIES, CELLS, Confusion, at_every_threshold, at_threshold
from vtviz.evaluation.figures.ranking import ranking
from vtviz.evaluation.figures.resample import interval, resampled_confusion, resampled_ranking
from vtviz.evaluation.figures.scored import Scored

FIGURES = ("precision", "recall", "f1")


def estimate(value: Any, resampled: np.ndarray) -> dict[str, float | None]:
    """A figure with its 95 % bootstrap interval; None where it has no meaning."""
    value, bounds = float(value), interval(resampled)
    if math.isnan(value) or bounds is None:
        return {"value": None if math.isnan(value) else value, "low": None, "high": None}
    return {"value": value, "low": bounds[0], "high": bounds[1]}


def figures_at(scored: Scored, threshold: float, seed: int = 0) -> dict[str, Any]:
    """Everything that depends on the threshold: the confusion matrix, the accuracy, and for each category how many of
    its pairs are ``right`` and ``wrong``, with precision, recall and F1."""
    confusion, resampled = at_threshold(scored, threshold), resampled_confusion(scored, threshold, seed)
    return {
        "threshold": threshold,
        "confusion": {name: int(getattr(confusion, name)) for name in CELLS},
        "accuracy": estimate(confusion.accuracy, resampled.accuracy),
        **{name: _category(confusion.of(name), resampled.of(name)) for name in CATEGORIES},
    }


def _category(confusion: Confusion, resampled: Confusion) -> dict[str, Any]:
    return {
        "right": int(confusion.tp),
        "wrong": int(confusion.fn),
        **{name: estimate(getattr(confusion, name), getattr(resampled, name)) for name in FIGURES},
    }


def ranking_figures(scored: Scored, seed: int = 0) -> dict[str, Any]:
    """What does not depend on the threshold: the ``auc``, the same for both categories, and the average precision of
    each."""
    own, resampled = ranking(scored), resampled_ranking(scored, seed)
    return {
        "auc": estimate(own.auc, resampled.auc),
        "average_precision": {name: estimate(getattr(own, name), getattr(resampled, name)) for name in CATEGORIES},
    }


def best_f1(scored: Scored) -> float | None:
    """The threshold with the highest F1 of the category match on these very pairs, which flatters; None where no pair
    is a match."""
    thresholds, confusion = at_every_threshold(scored)
    f1 = np.nan_to_num(confusion.f1[1:], nan=-1.0)
    return float(thresholds[1 + int(f1.argmax())]) if scored.labels.any() else None
