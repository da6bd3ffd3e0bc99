"""How well match probabilities separate true texts from wrong ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score, roc_curve

from vtviz.models.finite import need_numbers

CURVE_POINTS = 101
BINS = 15
NEED_THRESHOLD = ("threshold", "accuracy", "match", "mismatch", "ece", "f1")


def matching_figures(right: np.ndarray, wrong: np.ndarray, threshold: float | None) -> dict[str, Any]:
    """Figures of both categories, from the probabilities ``right [n]`` of true pairs and ``wrong [m]`` of wrong ones.

    A pair is called a match where its probability is at least ``threshold``. ``roc`` holds points (false positive
    rate, true positive rate) of the category match. Without a threshold nothing is called a match: scores of any scale
    have only an AUC and a curve, and the figures that need a threshold or a probability are None.

    Raises:
        ModelError: if a probability is not a number.
    """
    scores = np.concatenate([right, wrong])
    need_numbers(scores)
    labels = np.concatenate([np.ones(len(right), int), np.zeros(len(wrong), int)])
    if threshold is None:
        auc = float(roc_auc_score(labels, scores))
        return {**dict.fromkeys(NEED_THRESHOLD), "auc": auc, "roc": _curve(labels, scores)}
    called = (scores >= threshold).astype(int)
    precision, recall, f1, _ = precision_recall_fscore_support(labels, called, labels=[1, 0], zero_division=0.0)
    figures: dict[str, Any] = {"threshold": threshold, "accuracy": float((called == labels).mean())}
    for row, (name, label) in enumerate((("match", 1), ("mismatch", 0))):
        own = labels == label
        correct = int((called[own] == label).sum())
        figures[name] = {
            "correct": correct,
            "wrong": int(own.sum()) - correct,
            "accuracy": correct / int(own.sum()),
            "precision": float(precision[row]),
            "recall": float(recall[row]),
            "f1": float(f1[row]),
            "auc": float(roc_auc_score(own, scores if label else -scores)),
        }
    figures["ece"] = calibration_error(scores, labels)
    figures["auc"], figures["f1"] = figures["match"]["auc"], figures["match"]["f1"]
    figures["roc"] = _curve(labels, scores)
    return figures


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error (Naeini et al., AAAI 2015): mean distance, in bins of equal width, of the probability
    from the share of true pairs. A probability of 1 is in the last bin."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights=probabilities - labels, minlength=BINS)
    return float(np.abs(gaps).sum() / len(probabilities))


def _curve(labels: np.ndarray, scores: np.ndarray) -> list[list[float]]:
    false, true, _ = roc_curve(labels, scores)
    at = np.linspace(0.0, 1.0, CURVE_POINTS)
    return [[float(x), float(y)] for x, y in zip(at, np.interp(at, false, true), strict=True)]


def best_threshold(right: np.ndarray, wrong: np.ndarray) -> float:
    """The threshold in hundredths with the highest F1 of the category match."""
    candidates = np.arange(5, 96) / 100

    def f1(threshold: float) -> float:
        hits = int((right >= threshold).sum())
        return 2 * hits / (hits + int((wrong >= threshold).sum()) + len(right))

    return float(max(candidates, key=f1))
