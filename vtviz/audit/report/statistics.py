"""Intervals and comparisons by resampling photos, because rows about one photo are not independent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control, norm, permutation_test

RESAMPLES = 2000
CONFIDENCE = 0.95
BATCH = 2**22  # drawn places held at a time


@dataclass(frozen=True)
class Interval:
    """A mean over ``n`` rows with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float
    n: int


def interval(values: np.ndarray, clusters: np.ndarray, seed: int) -> Interval | None:
    """The mean of ``values [n]`` (NaN where there is none) with its percentile bootstrap interval; None without values.

    Whole ``clusters [n]`` (photos) are drawn: Field and Welsh, "Bootstrapping clustered data", JRSS B 2007.
    """
    sums, counts = by_cluster(values, clusters)
    if not len(sums):
        return None
    means = resampled_means(sums, counts, seed)
    edge = (1.0 - CONFIDENCE) / 2
    low, high = np.quantile(means, [edge, 1.0 - edge])
    return Interval(float(sums.sum() / counts.sum()), float(low), float(high), int(counts.sum()))


def wilson(hits: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a rate of ``hits`` in ``n`` trials (Wilson, JASA 1927); it is no point where all hit."""
    z = float(norm.ppf(1 - (1 - CONFIDENCE) / 2))
    rate = hits / n
    middle = rate + z * z / (2 * n)
    half = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def difference(first: np.ndarray, second: np.ndarray, clusters: np.ndarray, seed: int) -> tuple[Interval, float] | None:
    """The mean of ``first − second`` over rows that have both, with its paired interval, and a two-sided p value.

    The p value is that of flipping the signs of whole clusters (paired permutation test; Good, 2005).
    """
    gap = first - second
    result = interval(gap, clusters, seed)
    if result is None:
        return None
    sums, _ = by_cluster(gap, clusters)
    if len(sums) == 1:
        return result, 1.0
    flipped = permutation_test(
        (sums,),
        np.sum,
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, BATCH // len(sums)),
        rng=np.random.default_rng(seed),
    )
    return result, float(flipped.pvalue)


def adjusted(p_values: list[float]) -> list[float]:
    """p values of several comparisons, adjusted (Benjamini and Hochberg, JRSS B 1995)."""
    return [float(p) for p in false_discovery_control(p_values)] if p_values else []


def by_cluster(values: np.ndarray, clusters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum and number of the values of each cluster that has any."""
    real = ~np.isnan(values)
    _, member = np.unique(clusters[real], return_inverse=True)
    return np.bincount(member, weights=values[real]), np.bincount(member).astype(float)


def resampled_means(sums: np.ndarray, counts: np.ndarray, seed: int) -> np.ndarray:
    """Means of ``RESAMPLES`` draws of clusters with replacement."""
    rng, result, done = np.random.default_rng(seed), [], 0
    while done < RESAMPLES:
        count = min(RESAMPLES - done, max(1, BATCH // len(sums)))
        drawn = rng.integers(0, len(sums), size=(count, len(sums)))
        result.append(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
        done += count
    return np.concatenate(result)
