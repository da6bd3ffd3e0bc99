"""Insertion and deletion under other choices of how patches are removed: every fill, and two numbers of steps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vtviz.attribution.case import Case
from vtviz.attribution.masked import FILLS, Fill, Masked
from vtviz.audit.settings import Settings
from vtviz.metrics.faithfulness import area, deletion_curve, insertion_curve

CURVES = {"insertion": insertion_curve, "deletion": deletion_curve}
Choice = tuple[str, Fill, int]  # metric, fill, steps


def choices_of(settings: Settings) -> list[Choice]:
    """The choices that are compared, in the order of the values; the second number of steps is twice the first, so that
    every other of its passes is known already."""
    return [(name, fill, steps) for name in CURVES for fill in FILLS for steps in (settings.steps, 2 * settings.steps)]


def masks_of(case: Case, masked: Masked) -> dict[Fill, Masked]:
    """The photo with parts taken away for each fill; that of the audit itself is ``masked``."""
    return {fill: masked if fill == masked.fill else Masked(case, fill, masked.watch) for fill in FILLS}


def choice_values(masks: Mapping[Fill, Masked], scores: np.ndarray, settings: Settings) -> list[float]:
    """The value of each choice for patches with these ``scores [patches]``; NaN where they rank nothing."""
    if not (np.isfinite(scores).all() and scores.any()):
        return [float("nan")] * len(choices_of(settings))
    return [
        area(CURVES[name](masks[fill].without_patches, scores, min(steps, masks[fill].patches)))
        for name, fill, steps in choices_of(settings)
    ]
