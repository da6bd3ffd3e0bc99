"""Figures of a model with intervals that say how little a few photos prove: even where all answers are right.

Bootstrap intervals are where they have something to draw; the others allow for what was not seen.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from vtviz.audit.report.statistics import CONFIDENCE, by_cluster, share_interval
from vtviz.evaluation.figures.ranking import ranking
from vtviz.evaluation.figures.reliability import bins_of, calibration
from vtviz.evaluation.figures.resample import resampled_ranking
from vtviz.evaluation.figures.scored import Scored
from vtviz.evaluation.figures.table import estimate

Estimate = dict[str, float | None]
Z = float(norm.ppf(1 - (1 - CONFIDENCE) / 2))
NEAREST = 1 - 1e-12  # to 1, where the equation of the interval has another root


def accuracy_estimate(scored: Scored, threshold: float) -> Estimate:
    """The share of right verdicts, with Wilson's interval over photos."""
    return _share((scored.scores >= threshold) == scored.labels, scored.photos)


def f1_estimate(scored: Scored, threshold: float) -> Estimate:
    """F1 of the match, 2J / (1 + J) of the share J of true positives in all pairs that are matches or called one; so
    its interval is that of J."""
    called = scored.scores >= threshold
    counted = called | scored.labels
    if not counted.any():
        return dict.fromkeys(("value", "low", "high"))
    found = _share((called & scored.labels)[counted], scored.photos[counted])
    return {name: 2 * value / (1 + value) for name, value in found.items() if value is not None}


def auc_estimate(scored: Scored, seed: int) -> Estimate:
    """The area under the ROC curve: the bootstrap interval, or Newcombe's where that reaches further (method 5,
    Statistics in Medicine 2006), with as many cases of either kind as there are photos."""
    own = estimate(ranking(scored).auc, resampled_ranking(scored, seed).auc)
    if own["value"] is None:
        return own
    auc = own["value"]
    true, wrong = (len(np.unique(scored.photos[scored.labels == kind])) for kind in (True, False))
    return _reaching(own, auc_low(auc, true, wrong), 1.0 - auc_low(1.0 - auc, wrong, true))


def auc_low(auc: float, true: int, wrong: int) -> float:
    """The least area of which ``auc``, seen with so many true and wrong cases, is a chance result."""
    if auc <= 0.0:
        return 0.0
    middle = (true + wrong) / 2 - 1

    def beyond(area: float) -> float:
        spread = area * (1 - area) / (true * wrong)
        return (auc - area) ** 2 - Z * Z * spread * (1 + middle * ((1 - area) / (2 - area) + area / (1 + area)))

    return float(brentq(beyond, 0.0, min(auc, NEAREST)))


def ece_estimate(scored: Scored, seed: int) -> Estimate:
    """The expected calibration error of probabilities: the bootstrap interval, or above it what Wilson's intervals of
    the bins add up to (in squares; Zou and Donner, Statistics in Medicine 2008)."""
    own = estimate(*calibration(scored, seed))
    if own["value"] is None:
        return own
    bins, squares = bins_of(scored.scores), 0.0
    for number in np.unique(bins):
        inside = bins == number
        rate, mean = float(scored.labels[inside].mean()), float(scored.scores[inside].mean())
        low, high = share_interval(*by_cluster(scored.labels[inside].astype(float), scored.photos[inside]))
        furthest = max(abs(mean - low), abs(mean - high))
        squares += (inside.mean() * (furthest - abs(mean - rate))) ** 2
    return _reaching(own, own["value"], own["value"] + math.sqrt(squares))


def _share(hits: np.ndarray, photos: np.ndarray) -> Estimate:
    low, high = share_interval(*by_cluster(hits.astype(float), photos))
    return {"value": float(hits.mean()), "low": low, "high": high}


def _reaching(own: Estimate, low: float, high: float) -> Estimate:
    """An estimate whose interval reaches at least from ``low`` to ``high``."""
    if own["low"] is None or own["high"] is None:
        return {**own, "low": low, "high": high}
    return {**own, "low": min(own["low"], low), "high": max(own["high"], high)}
