"""The pairs that a model gets wrong, those first of which it was surest."""

from __future__ import annotations

from typing import Literal

import numpy as np

from vtviz.evaluation.figures.scored import Scored

Mistake = Literal["false_accept", "false_reject"]
MISTAKES: tuple[Mistake, ...] = ("false_accept", "false_reject")


def mistakes(scored: Scored, threshold: float, kind: Mistake) -> np.ndarray:
    """The indices of wrong pairs called a match, the highest scores first, or of true pairs called a mismatch, the
    lowest first."""
    called = scored.scores >= threshold
    wrong = called & ~scored.labels if kind == "false_accept" else ~called & scored.labels
    order = scored.order if kind == "false_accept" else np.argsort(scored.scores, kind="stable")
    return order[wrong[order]]
