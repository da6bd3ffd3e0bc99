"""How far two maps of the same photo agree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import spearmanr

TOP_SHARE = 0.2
FLAT = 1e-6  # of the largest size in a map: differences below it come from rounding, as when a flat map is enlarged


def is_flat(values: np.ndarray) -> bool:
    """Whether a map is the same everywhere, or holds what is not a number: it has no order and no peak."""
    return not float(np.ptp(values)) > FLAT * float(np.abs(values).max())


def shares(values: np.ndarray) -> np.ndarray:
    """A map ``[h, w]`` over the sum of its sizes, so that maps of different strength lie on one scale; zeros stay."""
    total = float(np.abs(values).sum())
    return values / total if total > 0 else np.zeros_like(values, dtype=float)


def on_one_grid(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two maps ``[h, w]`` on a grid as fine as the finer of both; a coarser map is interpolated bilinearly."""
    grid = (max(first.shape[0], second.shape[0]), max(first.shape[1], second.shape[1]))
    return _resized(first, grid), _resized(second, grid)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float | None:
    """Spearman's ρ of two maps ``[h, w]`` over their patches, -1..1: the Pearson correlation of ranks, where ties get
    their mean rank. None where a map is the same everywhere, because it has no order."""
    if is_flat(first) or is_flat(second):
        return None
    return float(spearmanr(first.ravel(), second.ravel()).statistic)


def overlap(first: np.ndarray, second: np.ndarray, share: float = TOP_SHARE) -> float | None:
    """Intersection over union, 0..1, of the ``share`` of patches that are highest in each map ``[h, w]``. None where a
    map is the same everywhere, because it has no highest patches.

    Of patches that tie at the edge of the set, the earlier ones in reading order are taken.
    """
    if is_flat(first) or is_flat(second):
        return None
    one, other = _top(first, share), _top(second, share)
    return len(one & other) / len(one | other)


def agreements(maps: Sequence[np.ndarray]) -> list[float | None]:
    """Rank correlation and overlap of each pair of maps ``[h, w]``, one pair after the other as ``combinations`` gives
    them, ``[2 * pairs]``; None where a map is the same everywhere."""
    pairs = list(combinations(maps, 2))
    return [measure(*on_one_grid(*pair)) for pair in pairs for measure in (rank_correlation, overlap)]


def _top(values: np.ndarray, share: float) -> set[int]:
    count = max(1, round(share * values.size))
    return set(np.argsort(-values.ravel(), kind="stable")[:count].tolist())


def _resized(values: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    if values.shape == grid:
        return values
    source = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))[None, None]
    return F.interpolate(source, size=grid, mode="bilinear", align_corners=False)[0, 0].numpy()
