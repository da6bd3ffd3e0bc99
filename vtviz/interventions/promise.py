"""What a map promised for a change of the input, beside what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import spearmanr

from vtviz.attribution.base import Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.masked import Fill, Masked
from vtviz.attribution.state import State
from vtviz.watch import Watch

Unit = Literal["share", "target"]


@dataclass(frozen=True)
class Promise:
    """How much the target should fall, and how much it ``fell`` (in its units; below 0 where it rose).

    Where the method shares out the target (``unit`` is ``target``), ``predicted`` is the sum of the relevances of what
    was taken away. Otherwise (``share``) it is the share that these have in all that speaks for the target: ``patches``
    in the map, ``words`` in the scores, None for a side that was left alone; ``predicted`` is their mean.
    """

    unit: Unit
    predicted: float
    fell: float
    patches: float | None = None
    words: float | None = None


@dataclass(frozen=True, eq=False)
class Cuts:
    """Predicted against real, ``[cuts]`` each: every cut takes another part of the patches away, by rank from the
    highest. ``unit`` is that of ``predicted`` (see Promise); ``fell`` is in units of the target; ``correlation`` is
    Spearman's, or None where either is the same in every cut."""

    unit: Unit
    predicted: np.ndarray
    fell: np.ndarray
    correlation: float | None


def shares_out(relevance: Relevance) -> bool:
    """Whether the relevances add up to the target's change, but for what sampling or integrating leaves over."""
    details = relevance.details
    return details is not None and details.image_unit is not None and details.baseline is not None


def promise(before: State, after: State, patches: np.ndarray, words: Sequence[int]) -> Promise | None:
    """What the map of ``before`` promised.

    Args:
        before: the model's answer before the change.
        after: and after it.
        patches: those that were taken away, ``[rows, columns]``.
        words: the places of those that were dropped.

    Returns:
        None where nothing was taken away that the method says anything about.
    """
    relevance, fell = before.relevance, before.value - after.value
    gone = np.isin(before.tokens.word_of, list(words))
    if shares_out(relevance):
        if not patches.any() and not gone.any():
            return None
        return Promise("target", _sum(relevance, patches) + float(relevance.tokens[gone].sum()), fell)
    of_patches = _share(relevance.image, patches) if relevance.maps_of != "none" else None
    of_words = _share(relevance.tokens, gone)
    known = [share for share in (of_patches, of_words) if share is not None]
    return Promise("share", float(np.mean(known)), fell, of_patches, of_words) if known else None


def predicted_against_real(
    case: Case, relevance: Relevance, fill: Fill = "blur", count: int = 8, watch: Watch | None = None
) -> Cuts | None:
    """Takes ``count`` parts of the patches away, one at a time; None where the map is the same everywhere.

    Raises:
        Cancelled: if the watch says so.
    """
    scores = relevance.image.ravel()
    if np.ptp(scores) == 0:
        return None
    order = np.argsort(-scores, kind="stable")
    taken = np.zeros((count, len(scores)), dtype=bool)
    for cut, members in zip(taken, np.array_split(order, count), strict=True):
        cut[members] = True
    masked = Masked(case, fill, watch, as_shown=False)
    values = masked.without_patches(np.concatenate([np.ones((1, len(scores)), dtype=bool), ~taken]))
    fell, grid = values[0] - values[1:], relevance.image.shape
    unit: Unit = "target" if shares_out(relevance) else "share"
    parts = [cut.reshape(grid) for cut in taken]
    predicted = np.array(
        [_sum(relevance, part) if unit == "target" else _share(relevance.image, part) or 0.0 for part in parts]
    )
    flat = np.ptp(predicted) == 0 or np.ptp(fell) == 0
    return Cuts(unit, predicted, fell, None if flat else float(spearmanr(predicted, fell).statistic))


def _sum(relevance: Relevance, patches: np.ndarray) -> float:
    unit = relevance.details.image_unit if relevance.details else None
    return (unit or 0.0) * float(relevance.image[patches].sum())


def _share(values: np.ndarray, gone: np.ndarray) -> float | None:
    """The share of ``gone`` in all positive values; None where nothing is gone or nothing is positive."""
    positive = np.maximum(values, 0.0)
    total = float(positive.sum())
    return float(positive[gone].sum()) / total if gone.any() and total else None
