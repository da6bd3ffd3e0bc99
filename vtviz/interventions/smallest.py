"""The smallest part of a photo that keeps the model's answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vtviz.attribution.masked import Masked


@dataclass(frozen=True, eq=False)
class Kept:
    """The answer with only the highest-ranked patches.

    ``values [n]`` are the model's answers at the shares ``shares [n]`` of the patches, from 0 to 1. ``least`` is the
    least share from which on every measured answer is at least ``threshold``, and ``patches`` (their indices) are what
    it shows; None and nothing where the whole photo stays below.
    """

    shares: np.ndarray
    values: np.ndarray
    threshold: float
    least: float | None
    patches: tuple[int, ...]


def smallest_region(masked: Masked, scores: np.ndarray, threshold: float, steps: int = 20) -> Kept:
    """Shows more and more of a photo, the patches of the highest ``scores [patches]`` first, in ``steps`` steps, and
    then looks between the last step below the threshold and the one after it."""
    counts = np.unique(np.linspace(0, len(scores), steps + 1).round().astype(int))
    known = dict(zip(counts.tolist(), masked.without_patches(_first(scores, counts)).tolist(), strict=True))
    while (gap := _gap(known, threshold)) is not None and gap[1] - gap[0] > 1:
        middle = np.unique(np.linspace(*gap, 5).round().astype(int)[1:-1])
        known |= dict(zip(middle.tolist(), masked.without_patches(_first(scores, middle)).tolist(), strict=True))
    counts = np.array(sorted(known))
    values = np.array([known[count] for count in counts.tolist()])
    least = None if gap is None else gap[1]
    shown = () if least is None else tuple(np.flatnonzero(_first(scores, np.array([least]))[0]).tolist())
    share = None if least is None else least / len(scores)
    return Kept(counts / len(scores), values, threshold, share, shown)


def _first(scores: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The patches of the ``counts [n]`` highest scores, ``[n, patches]``; of equal scores the first comes first."""
    rank = np.empty(len(scores), dtype=int)
    rank[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return rank[None, :] < counts[:, None]


def _gap(known: dict[int, float], threshold: float) -> tuple[int, int] | None:
    """The last count whose answer is below the threshold and the one after it; None where the whole photo's is, and the
    first count twice where none is."""
    counts = sorted(known)
    below = [index for index, count in enumerate(counts) if known[count] < threshold]
    if not below:
        return counts[0], counts[0]
    return None if below[-1] == len(counts) - 1 else (counts[below[-1]], counts[below[-1] + 1])
