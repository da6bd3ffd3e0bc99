"""Intervals by drawing photos again: pairs about one photo are not independent, so whole photos are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from vtviz.evaluation.figures.confusion import Confusion, cells
from vtviz.evaluation.figures.ranking import Ranking, ranking_of
from vtviz.evaluation.figures.scored import Scored

RESAMPLES, FEWEST = 2000, 400
CONFIDENCE = 0.95
DRAWN = 2**24  # numbers of all draws together, so that they stay in memory and a new threshold is answered at once
BATCH = 2**21  # numbers at a time where every pair has one in every draw

Interval = tuple[float, float]


@lru_cache(maxsize=2)
def draws(photos: int, seed: int) -> np.ndarray:
    """How often each photo is drawn in each resample, float32 ``[resamples, photos]``; each row sums to ``photos``.

    There are 2,000 resamples, fewer for more than 8,000 photos. Field and Welsh, "Bootstrapping clustered data", JRSS B
    2007.
    """
    resamples = min(RESAMPLES, max(FEWEST, DRAWN // max(photos, 1)))
    rng = np.random.default_rng(seed)
    result = np.empty((resamples, photos), np.float32)
    for row in result:
        row[:] = np.bincount(rng.integers(0, photos, photos), minlength=photos)
    return result


def resampled_confusion(scored: Scored, threshold: float, seed: int = 0) -> Confusion:
    """The confusion matrices of all resamples, ``[resamples]``."""
    photos = scored.photo_count
    counts = np.bincount(scored.photos * 4 + cells(scored, threshold), minlength=photos * 4).reshape(photos, 4)
    return Confusion(*(draws(photos, seed) @ counts.astype(np.float32)).T.astype(float))


def resampled_ranking(scored: Scored, seed: int = 0) -> Ranking:
    """The areas below the curves of all resamples, ``[resamples]``."""
    parts = [ranking_of(confusion) for confusion in _resampled_curves(scored, seed)]
    return Ranking(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("auc", "match", "mismatch")))


def interval(values: np.ndarray) -> Interval | None:
    """The percentile interval of resampled values; None where none has a meaning, as without one of the categories."""
    real = values[~np.isnan(values)]
    if not len(real):
        return None
    edge = (1.0 - CONFIDENCE) / 2
    low, high = np.quantile(real, [edge, 1.0 - edge])
    return float(low), float(high)


def _resampled_curves(scored: Scored, seed: int) -> Iterator[Confusion]:
    """Confusion matrices ``[batch, 1 + distinct scores]``, from the threshold where nothing is a match."""
    labels, owners = scored.labels[scored.order], scored.photos[scored.order]
    drawn, step = draws(scored.photo_count, seed), max(1, BATCH // max(len(scored), 1))
    for start in range(0, len(drawn), step):
        weights = drawn[start : start + step, owners].astype(float)
        tp, fp = (_cumulated(weights * mask, scored.starts) for mask in (labels, ~labels))
        yield Confusion(tp, tp[:, -1:] - tp, fp, fp[:, -1:] - fp)


def _cumulated(weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The weight of all pairs with at least each distinct score, ``[batch, 1 + distinct]``."""
    grouped = np.add.reduceat(weights, starts, axis=1)
    return np.pad(np.cumsum(grouped, axis=1), ((0, 0), (1, 0)))
