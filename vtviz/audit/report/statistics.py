"""Intervals and comparisons by resampling photos, because rows about one photo are not independent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control, norm, permutation_test
from scipy.stats import t as student

from vtviz.metrics.base import SHARE, Span

RESAMPLES = 2000
CONFIDENCE = 0.95
BATCH = 2**22  # drawn places held at a time
ROUNDING = 1e-12


@dataclass(frozen=True)
class Interval:
    """A mean over ``n`` rows about ``photos`` photos with its 95 % interval."""

    mean: float
    low: float
    high: float
    n: int
    photos: int


def interval(
    values: np.ndarray, clusters: np.ndarray, seed: int, span: Span | None = SHARE, confidence: float = CONFIDENCE
) -> Interval | None:
    """The mean of ``values [n]`` (NaN where there is none) with its interval; None without values.

    Whole ``clusters [n]`` (photos) are drawn for a percentile bootstrap (Field and Welsh, "Bootstrapping clustered
    data", JRSS B 2007), whose percentiles are moved outwards as Student's t is wider than the normal distribution, for
    few photos (Hesterberg, The American Statistician 2015). Where drawing again shows nothing, as where all values are
    equal, the interval comes from what a sample of this size could have missed: shares of rows by ``share_interval``,
    others by ``unvaried`` within the ``span`` of possible values.
    """
    sums, counts = by_cluster(values, clusters)
    if not len(sums):
        return None
    mean, real = float(sums.sum() / counts.sum()), values[~np.isnan(values)]
    if span == SHARE and np.isin(real, SHARE).all():
        low, high = share_interval(sums, counts, confidence)
    elif np.ptp(sums / counts) <= ROUNDING:
        low, high = unvaried(mean, len(sums), span, confidence)
    else:
        more = len(sums) - 1
        edge = float(norm.cdf(math.sqrt(len(sums) / more) * student.ppf((1.0 - confidence) / 2, more)))
        low, high = map(float, np.quantile(resampled_means(sums, counts, seed), [edge, 1.0 - edge]))
    return Interval(mean, low, high, int(counts.sum()), len(sums))


def share_interval(sums: np.ndarray, counts: np.ndarray, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval of a share, of which each photo has ``sums`` hits in ``counts`` rows: Wilson's with as many trials
    as rows that do not depend on each other would need for the same spread (Korn and Graubard, Survey Methodology
    1998), and never more than photos."""
    rate = float(sums.sum() / counts.sum())
    spread = float((((sums - rate * counts) / counts.sum()) ** 2).sum())
    trials = min(len(sums), rate * (1 - rate) / spread) if spread > ROUNDING**2 else len(sums)
    return wilson(rate * trials, trials, confidence)


def unvaried(value: float, photos: int, span: Span | None, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval of the mean where all ``photos`` have the same value: Wilson's interval says of which share at least
    that is true, and the others may have any value of the ``span``; where that is None there is no interval, and both
    ends are the value."""
    if span is None:
        return value, value
    known = wilson(photos, photos, confidence)[0]
    low, high = min(span[0], value), max(span[1], value)
    return known * value + (1 - known) * low, known * value + (1 - known) * high


def wilson(hits: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval of a rate of ``hits`` in ``n`` trials (Wilson, JASA 1927); it is no point where all hit."""
    z = float(norm.ppf(1 - (1 - confidence) / 2))
    rate = hits / n
    middle = rate + z * z / (2 * n)
    half = z * math.sqrt(max(0.0, rate * (1 - rate)) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low, high = (middle - half) / scale, (middle + half) / scale
    return (low if hits > 0 else 0.0), (high if hits < n else 1.0)  # whatever was rounded


def difference(
    first: np.ndarray, second: np.ndarray, clusters: np.ndarray, seed: int, span: Span | None = SHARE
) -> tuple[Interval, float] | None:
    """The mean of ``first − second`` over rows that have both, with its paired interval, and a two-sided p value.
    ``span`` is that of each of the two.

    The p value is that of flipping the signs of whole clusters (paired permutation test; Good, 2005).
    """
    gap = first - second
    result = interval(gap, clusters, seed, span and (span[0] - span[1], span[1] - span[0]))
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
