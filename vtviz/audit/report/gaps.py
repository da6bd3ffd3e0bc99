"""Do the model and its explanations serve every group alike?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.stats import norm, studentized_range

from vtviz.audit.report.model import Pairs
from vtviz.audit.report.statistics import BATCH, CONFIDENCE, RESAMPLES, ROUNDING, adjusted, interval
from vtviz.audit.report.table import Table
from vtviz.audit.report.truth import Truth
from vtviz.audit.settings import RANDOM, Settings
from vtviz.metrics.base import SHARE, Span
from vtviz.metrics.registry import find_metric

FEWEST = 5  # photos of a group that is compared
POWER = 0.8


@dataclass(frozen=True)
class Gap:
    """The largest gap between two groups: ``best`` and ``worst`` by their mean, ``gap`` with its interval, ``p`` of the
    hypothesis that groups do not matter, and the ``detectable`` gap, which 80 % of samples of this size would have
    shown at p < 0.05 (None where values do not vary). ``photos`` are those of each group, ``too_few`` the groups that
    have fewer than ``FEWEST`` and are not compared."""

    best: str
    worst: str
    gap: float
    low: float
    high: float
    p: float
    detectable: float | None
    photos: dict[str, int]
    too_few: list[str]


def largest_gap(
    values: np.ndarray, groups: np.ndarray, clusters: np.ndarray, seed: int, span: Span | None = SHARE
) -> Gap | None:
    """The largest gap between the means of ``values [n]`` (NaN where there is none) in ``groups [n]`` ("" for none);
    None with fewer than two groups that can be compared.

    The interval is that of the largest gap there is: the gaps of all pairs lie in theirs at once (``reach``), so it
    allows for the pair being chosen by its size; it begins at 0 where groups may be alike. For p, photos (``clusters
    [n]``) are dealt out to the groups anew, and the largest gap of each deal is compared (Westfall and Young,
    Resampling-Based Multiple Testing, 1993).
    """
    real, every = ~np.isnan(values) & (groups != ""), sorted({str(group) for group in groups} - {""})
    names, own, sums, counts = _units(values[real], groups[real].astype(str), clusters[real])
    photos = np.bincount(own, minlength=len(names))
    compared = np.flatnonzero(photos >= FEWEST)
    if len(compared) < 2:
        return None
    confidence = 1 - 2 * float(norm.sf(reach(len(compared))))
    found = [
        interval(values[chosen], clusters[chosen], seed + place, span, confidence)
        for place, chosen in enumerate(real & (groups == names[group]) for group in compared)
    ]
    mean, low, high = (np.array([getattr(item, end) for item in found]) for end in ("mean", "low", "high"))
    top, bottom = int(mean.argmax()), len(mean) - 1 - int(mean[::-1].argmin())  # of equal groups, two
    gaps = mean[:, None] - mean
    below, above = (mean - low) ** 2, (high - mean) ** 2
    kept = np.isin(own, compared)
    own, sums, counts = np.searchsorted(compared, own[kept]), sums[kept], counts[kept]
    known = dict(zip(names, photos.tolist(), strict=True))
    return Gap(
        names[compared[top]],
        names[compared[bottom]],
        float(mean[top] - mean[bottom]),
        max(0.0, float((gaps - np.sqrt(below[:, None] + above)).max())),
        float((gaps + np.sqrt(above[:, None] + below)).max()),
        _p_value(own, sums, counts, float(np.ptp(mean)), seed),
        _detectable(own, sums / counts, (top, bottom)),
        {name: known.get(name, 0) for name in every},
        [name for name in every if known.get(name, 0) < FEWEST],
    )


@cache
def reach(groups: int) -> float:
    """How many standard errors the gaps of all pairs of so many groups keep within, together in 95 % of samples (Tukey;
    Hochberg and Tamhane, Multiple Comparison Procedures, 1987). The interval of a gap follows from those of its groups
    (Zou and Donner, Statistics in Medicine 2008)."""
    return float(studentized_range.ppf(CONFIDENCE, groups, np.inf) / np.sqrt(2))


def _units(
    values: np.ndarray, groups: np.ndarray, clusters: np.ndarray
) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """The names of the groups, and for each photo in a group the group's place, the sum of its values, their number."""
    names, group = np.unique(groups, return_inverse=True)
    _, cluster = np.unique(clusters, return_inverse=True)
    keys, member = np.unique(np.stack([group, cluster]), axis=1, return_inverse=True)
    return names.tolist(), keys[0], np.bincount(member, weights=values), np.bincount(member).astype(float)


def _p_value(own: np.ndarray, sums: np.ndarray, counts: np.ndarray, seen: float, seed: int) -> float:
    """How often the means of groups lie as far apart when photos are dealt out to the groups at random."""
    rng, reached, done, groups = np.random.default_rng(seed), 0, 0, int(own.max()) + 1
    while done < RESAMPLES:
        deals = min(RESAMPLES - done, max(1, BATCH // len(own)))
        dealt = rng.permuted(np.tile(own, (deals, 1)), axis=1) + groups * np.arange(deals)[:, None]
        total, number = (
            np.bincount(dealt.ravel(), weights=np.tile(part, deals), minlength=groups * deals).reshape(deals, groups)
            for part in (sums, counts)
        )
        reached += int((np.ptp(total / number, axis=1) >= seen - ROUNDING).sum())
        done += deals
    return (1 + reached) / (1 + RESAMPLES)


def _detectable(own: np.ndarray, means: np.ndarray, pair: tuple[int, int]) -> float | None:
    """The gap between two groups of these sizes that a two-sided test at 5 % of all pairs finds in 80 % of samples,
    from the spread of the photos within all groups (Cohen, Statistical Power Analysis, 1988)."""
    sizes = np.bincount(own)
    centres = np.bincount(own, weights=means) / sizes
    spread = float(((means - centres[own]) ** 2).sum() / (len(own) - len(sizes)))
    away = reach(len(sizes)) + norm.ppf(POWER)
    detectable = float(away * np.sqrt(spread * (1 / sizes[pair[0]] + 1 / sizes[pair[1]])))
    return detectable if detectable > ROUNDING else None


def group_gaps(table: Table, pairs: Mapping[str, Pairs], truth: Truth, settings: Settings) -> list[dict[str, Any]]:
    """The largest gap of each model's ``accuracy`` over all pairs that it scored (``method`` is None) and of each
    method's metrics, with p values adjusted over all of them."""
    result = []
    for (model, method), columns in table.items():
        if method == RANDOM:
            gap = _of_model(pairs.get(model), model, truth, settings.seed)
            result += [{"model": model, "method": None, "metric": "accuracy", **asdict(gap)}] if gap else []
            continue
        for metric in map(find_metric, settings.metrics):
            if metric.direction == "none":
                continue
            own = (columns[metric.name], columns["group"], columns["image_sha256"])
            gap = largest_gap(*own, settings.seed, metric.span)
            result += [{"model": model, "method": method, "metric": metric.name, **asdict(gap)}] if gap else []
    for item, p in zip(result, adjusted([item["p"] for item in result]), strict=True):
        item["p_adjusted"] = p
    return result


def _of_model(own: Pairs | None, model: str, truth: Truth, seed: int) -> Gap | None:
    """That of the accuracy, over the same pairs as the accuracy of each group."""
    threshold = truth.models[model].threshold if own else None
    if own is None or threshold is None:
        return None
    right = (own.scored.scores >= threshold) == own.scored.labels
    return largest_gap(right.astype(float), own.groups, own.scored.photos, seed)
