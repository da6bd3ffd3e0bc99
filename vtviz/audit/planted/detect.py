"""Does a method find what was planted?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.base import Relevance
from vtviz.audit.planted.trials import IN_PHOTO, Kind, Planter, Trial
from vtviz.audit.settings import RANDOM
from vtviz.metrics.baseline import random_ranking

SAME = 1e-6  # of the range: values this close to the highest are as high


def on_cause(values: np.ndarray, cause: np.ndarray) -> float:
    """The share of the highest ``values [n]`` that lie on the ``cause [n]``: 1 or 0 where one is the highest, the share
    of the cause where all are equal."""
    values = np.nan_to_num(np.asarray(values, dtype=float))
    highest = values >= values.max() - SAME * (values.max() - values.min())
    return float(cause[highest].mean())


def word_scores(relevance: Relevance, word_of: Sequence[int], words: int) -> np.ndarray:
    """How much each word speaks against the text, ``[words]``; its size where the method has no signs."""
    scores = np.bincount(word_of, weights=relevance.tokens, minlength=words)
    return -scores if relevance.signed else scores


def found(trial: Trial, relevance: Relevance, kind: Kind) -> float:
    """Whether the highest patch, or the word that speaks most against the text, is the planted cause: 0..1."""
    if kind in IN_PHOTO:
        return on_cause(relevance.image.ravel(), trial.cause)
    scores = word_scores(relevance, trial.case.tokens[0].word_of, len(trial.cause))
    return on_cause(scores, trial.cause)


def try_kind(planter: Planter, kind: Kind, count: int, methods: Sequence[str]) -> dict[str, Any]:
    """Every method, and the random ranking, on the trials of a kind: how many were ``planted`` and ``took`` (moved the
    answer), by how much, the ``chance`` to find a cause blindly, and the sum of ``hits`` by method.

    Raises:
        ModelError: if the model cannot be given a shortcut.
        Cancelled: if the watch says so.
    """
    hits = dict.fromkeys((*methods, RANDOM), 0.0)
    moved, chance = [], []
    for index, trial in enumerate(planter.plant(kind, count)):
        if trial is None:
            continue
        moved.append(trial.moved)
        chance.append(float(trial.cause.mean()))
        for method in hits:
            planter.watch.check()
            relevance = (
                random_ranking(trial.case, planter.seed + index)
                if method == RANDOM
                else attribute_case(trial.case, method, watch=planter.watch.quietly())[0]
            )
            hits[method] += found(trial, relevance, kind)
    return {
        "planted": count,
        "took": len(moved),
        "moved": float(np.mean(moved)) if moved else None,
        "chance": float(np.mean(chance)) if chance else None,
        "hits": hits,
    }
