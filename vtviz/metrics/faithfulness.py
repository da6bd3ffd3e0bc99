"""Does what the explanation ranks high move the model's answer?

A ranking is taken away from the input, or added to an empty one, in equal steps, and the area under the curve of the
model's answer over the share of the input is the metric (points 1 / steps apart, trapezoidal rule).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vtviz.metrics.base import Direction, Metric, Subject

Ask = Callable[[np.ndarray], np.ndarray]
PERTURBED = 0.9  # Chefer et al. take away 0 to 90 % of the input
RISE = "Petsiuk et al., RISE, BMVC 2018"
CHEFER = "Chefer et al., Transformer Interpretability Beyond Attention Visualization, CVPR 2021"


def prefixes(scores: np.ndarray, steps: int, share: float = 1.0) -> np.ndarray:
    """Which of n inputs are among the highest ``scores [n]`` after each step, ``[steps + 1, n]``: none to a share.

    Of equal scores the first comes first.
    """
    order = np.argsort(-scores, kind="stable")
    rank = np.empty(len(scores), dtype=int)
    rank[order] = np.arange(len(scores))
    counts = np.round(np.linspace(0.0, share * len(scores), steps + 1)).astype(int)
    return rank[None, :] < counts[:, None]


def area(curve: np.ndarray) -> float:
    """Area under a curve whose points are equally far apart on 0..1."""
    return float(np.trapezoid(curve, dx=1.0 / (len(curve) - 1)))


def insertion_curve(ask: Ask, scores: np.ndarray, steps: int) -> np.ndarray:
    """The model's answer while the inputs are added, highest score first, ``[steps + 1]``."""
    return ask(prefixes(scores, steps))


def deletion_curve(ask: Ask, scores: np.ndarray, steps: int, share: float = 1.0) -> np.ndarray:
    """The model's answer while the inputs are taken away, highest score first, ``[steps + 1]``."""
    return ask(~prefixes(scores, steps, share))


def _patches(subject: Subject) -> tuple[Ask, np.ndarray, int]:
    return subject.masked.without_patches, subject.patch_scores, min(subject.steps, subject.masked.patches)


def _words(subject: Subject) -> tuple[Ask, np.ndarray, int]:
    return subject.masked.without_words, subject.word_scores, min(subject.steps, subject.masked.words)


def _metric(name: str, label: str, direction: Direction, paper: str, measure: Callable[[Subject], float]) -> Metric:
    words = name.startswith("word_")
    cost = "min(k, W) F of the text" if words else "k F"
    return Metric(
        name, label, "faithfulness", direction, paper, cost, measure, frozenset({"words" if words else "patches"})
    )


def _perturbation(subject: Subject, sign: float) -> float:
    ask, scores, steps = _patches(subject)
    return area(deletion_curve(ask, sign * scores, steps, PERTURBED))


METRICS = (
    _metric("insertion", "Insertion AUC, patches", "higher", RISE, lambda s: area(insertion_curve(*_patches(s)))),
    _metric("deletion", "Deletion AUC, patches", "lower", RISE, lambda s: area(deletion_curve(*_patches(s)))),
    _metric("word_insertion", "Insertion AUC, words", "higher", RISE, lambda s: area(insertion_curve(*_words(s)))),
    _metric("word_deletion", "Deletion AUC, words", "lower", RISE, lambda s: area(deletion_curve(*_words(s)))),
    _metric("positive_perturbation", "Positive perturbation", "lower", CHEFER, lambda s: _perturbation(s, 1.0)),
    _metric("negative_perturbation", "Negative perturbation", "higher", CHEFER, lambda s: _perturbation(s, -1.0)),
)
