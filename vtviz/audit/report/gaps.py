"""Do the model and its explanations serve every group alike?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from vtviz.audit.report.statistics import BATCH, CONFIDENCE, RESAMPLES, adjusted, resampled_means
from vtviz.audit.report.table import Columns, Table
from vtviz.audit.report.truth import Truth
from vtviz.audit.settings import RANDOM, Settings
from vtviz.metrics.registry import find_metric

FEWEST = 5  # photos of a group that is compared
POWER = 0.8
ROUNDING = 1e-12


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


def largest_gap(values: np.ndarray, groups: np.ndarray, clusters: np.ndarray, seed: int) -> Gap | None:
    """The largest gap between the means of ``values [n]`` (NaN where there is none) in ``groups [n]`` ("" for none);
    None with fewer than two groups that can be compared.

    Photos (``clusters [n]``) are drawn within each group for the interval, and dealt out to the groups anew for p. The
    largest gap of each deal is compared, so p allows for the pair being chosen by its size (Westfall and Young,
    Resampling-Based Multiple Testing, 1993).
    """
    real = ~np.isnan(values) & (groups != "")
    names, own, sums, counts = _units(values[real], groups[real].astype(str), clusters[real])
    photos = np.bincount(own, minlength=len(names))
    compared = np.flatnonzero(photos >= FEWEST)
    if len(compared) < 2:
        return None
    kept = np.isin(own, compared)
    own, sums, counts = np.searchsorted(compared, own[kept]), sums[kept], counts[kept]
    means = np.bincount(own, weights=sums) / np.bincount(own, weights=counts)
    top, bottom = int(means.argmax()), int(means.argmin())
    drawn = [resampled_means(sums[own == g], counts[own == g], seed + i) for i, g in enumerate((top, bottom))]
    edge = (1.0 - CONFIDENCE) / 2
    low, high = np.quantile(drawn[0] - drawn[1], [edge, 1.0 - edge])
    return Gap(
        names[compared[top]],
        names[compared[bottom]],
        float(means[top] - means[bottom]),
        float(low),
        float(high),
        _p_value(own, sums, counts, float(np.ptp(means)), seed),
        _detectable(own, sums / counts, (top, bottom)),
        {name: int(count) for name, count in zip(names, photos, strict=True)},
        [name for name, count in zip(names, photos, strict=True) if count < FEWEST],
    )


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
    """The gap between two groups of these sizes that a two-sided test at 5 % finds in 80 % of samples, from the spread
    of the photos within all groups (Cohen, Statistical Power Analysis, 1988)."""
    sizes = np.bincount(own)
    centres = np.bincount(own, weights=means) / sizes
    spread = float(((means - centres[own]) ** 2).sum() / (len(own) - len(sizes)))
    reach = norm.ppf(1 - (1 - CONFIDENCE) / 2) + norm.ppf(POWER)
    detectable = float(reach * np.sqrt(spread * (1 / sizes[pair[0]] + 1 / sizes[pair[1]])))
    return detectable if detectable > ROUNDING else None


def group_gaps(table: Table, truth: Truth, settings: Settings) -> list[dict[str, Any]]:
    """The largest gap of each model's ``accuracy`` over the rows (``method`` is None) and of each method's metrics,
    with p values adjusted over all of them."""
    result = []
    for model, method, metric, values, columns in _measured(table, truth, settings):
        gap = largest_gap(values, columns["group"], columns["image_sha256"], settings.seed)
        if gap is not None:
            result.append({"model": model, "method": method, "metric": metric, **asdict(gap)})
    for item, p in zip(result, adjusted([item["p"] for item in result]), strict=True):
        item["p_adjusted"] = p
    return result


def _measured(
    table: Table, truth: Truth, settings: Settings
) -> Iterator[tuple[str, str | None, str, np.ndarray, Columns]]:
    for (model, method), columns in table.items():
        if method != RANDOM:
            for name in settings.metrics:
                if find_metric(name).direction != "none":
                    yield model, method, name, columns[name], columns
            continue
        right = truth.right(model, columns)
        if right is not None:
            yield model, None, "accuracy", np.where(np.isnan(columns["score"]), np.nan, right), columns
