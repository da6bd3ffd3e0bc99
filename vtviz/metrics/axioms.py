"""What a map that adds up must do: account for the whole answer, and be zero where the model is indifferent."""

from __future__ import annotations

import numpy as np

from vtviz.attribution.masked import Masked
from vtviz.metrics.base import Metric, Subject, Work

NOTHING = 1e-5  # of the largest: sizes below it count as zero


def completeness_gap(subject: Subject) -> float:
    """|Σ relevance − (f(x) − f(x without its patches))| over |f(x) − f(x without its patches)|, in the target's own
    unit (a logit, not a probability); 0 is exact.

    NaN for a method without signs: its map has no unit in which it could add up; and where the answer does not change.
    """
    if not subject.relevance.signed:
        return float("nan")
    masked = Masked(subject.case, subject.masked.fill, subject.masked.watch, as_shown=False)
    kept = np.stack([np.ones(masked.patches, dtype=bool), np.zeros(masked.patches, dtype=bool)])
    whole, none = masked.without_patches(kept)
    if whole == none:
        return float("nan")
    return float(abs(subject.patch_scores.sum() - (whole - none)) / abs(whole - none))


def non_sensitivity(subject: Subject) -> float:
    """The share of the patches that have relevance but change nothing when taken away alone, or change the answer but
    have none."""
    patches = subject.masked.patches
    kept = np.vstack([np.ones((1, patches), dtype=bool), ~np.eye(patches, dtype=bool)])
    answers = subject.masked.without_patches(kept)
    drops, sizes = np.abs(answers[0] - answers[1:]), np.abs(subject.patch_scores)
    moved, marked = (values > NOTHING * values.max() for values in (drops, sizes))
    return float((moved != marked).mean())


METRICS = (
    Metric(
        "completeness_gap",
        "Completeness gap",
        "faithfulness",
        "lower",
        "Sundararajan et al., Axiomatic Attribution for Deep Networks, ICML 2017",
        "2 F",
        completeness_gap,
        frozenset({"patches"}),
        work=lambda size: Work(photos=2),
        span=None,
    ),
    Metric(
        "non_sensitivity",
        "Non-sensitivity",
        "faithfulness",
        "lower",
        "Nguyen and Martínez, On Quantitative Aspects of Model Interpretability, 2020",
        "P F",
        non_sensitivity,
        frozenset({"patches"}),
        costly=True,
        work=lambda size: Work(once=size.patches),
    ),
)
