"""How well the rules of a policy do on labelled rows, and at which threshold they would do as well as wanted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from vtviz.tasks.policy.check import Score
from vtviz.tasks.policy.policy import Policy, Rule

SCHEMA = "vtviz.policy-evaluation/1"
LEAST_DIGITS, MOST_DIGITS = 3, 16  # of a threshold


@dataclass(frozen=True)
class Point:
    """Precision and recall of a rule with another threshold."""

    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True)
class RuleFigures:
    """A rule on the rows that it speaks of: how many, on how many it ought to fire, how often it was right and wrong at
    its own threshold; None for what cannot be told, such as the precision of a rule that never fired. ``curve`` holds
    every threshold that makes a difference, as few digits as tell its rows apart, ``roc`` pairs of false and true
    positive rates, and ``suggested`` is the threshold with the most recall among those of at least the wanted
    precision. A rule that "fails" and whose ``means`` are its condition has neither curve nor suggestion: another
    threshold is another condition."""

    rule: str
    rows: int
    positives: int
    true_positives: int
    false_positives: int
    precision: float | None
    recall: float | None
    roc_auc: float | None
    average_precision: float | None
    curve: tuple[Point, ...]
    roc: tuple[tuple[float, float], ...]
    suggested: Point | None


def evaluate_policy(
    policy: Policy, wanted: Sequence[frozenset[str]], scores: Sequence[Sequence[Score]], precision: float = 0.95
) -> list[RuleFigures]:
    """The figures of each rule.

    Args:
        policy: whose rules.
        wanted: the rules that ought to fire on each row.
        scores: of every rule, in the policy's order, on each row.
        precision: that a suggested threshold has to reach.
    """
    figures = []
    for index, rule in enumerate(policy.rules):
        own = [(rule.name in names, row[index].score) for names, row in zip(wanted, scores, strict=True)]
        spoken = [(label, score) for label, score in own if score is not None]
        labels = np.array([label for label, _ in spoken], bool)
        figures.append(_figures(rule, labels, np.array([score for _, score in spoken], float), precision))
    return figures


def _figures(rule: Rule, labels: np.ndarray, scores: np.ndarray, precision: float) -> RuleFigures:
    sign = 1.0 if rule.when == "matches" else -1.0
    fired = np.array([rule.fires(score) for score in scores], bool)
    hits, wrong, positives = int((fired & labels).sum()), int((fired & ~labels).sum()), int(labels.sum())
    curve, roc, auc, average = tuple[Point, ...](), tuple[tuple[float, float], ...](), None, None
    if positives:
        precisions, recalls, signed = precision_recall_curve(labels, sign * scores)
        if not (rule.has_condition and rule.means):
            curve = _points(rule, sign * signed, precisions, recalls)
        average = float(average_precision_score(labels, sign * scores))
    if 0 < positives < len(labels):
        false, true, _ = roc_curve(labels, sign * scores)
        roc = tuple(zip(false.tolist(), true.tolist(), strict=True))
        auc = float(roc_auc_score(labels, scores * sign))
    good = [point for point in curve if point.precision >= precision]
    return RuleFigures(
        rule.name,
        len(labels),
        positives,
        hits,
        wrong,
        hits / (hits + wrong) if hits + wrong else None,
        hits / positives if positives else None,
        auc,
        average,
        curve,
        roc,
        max(good, key=lambda point: (point.recall, point.precision), default=None),
    )


def _points(rule: Rule, scores: np.ndarray, precisions: np.ndarray, recalls: np.ndarray) -> tuple[Point, ...]:
    """Precision and recall where a rule fires on all rows up to one of the ``scores``, the most easily fired first."""
    points = []
    for index, score in enumerate(scores):
        if rule.when == "matches":
            threshold = _short(math.nextafter(scores[index - 1], math.inf) if index else -math.inf, float(score))
        else:
            most = float(scores[index - 1]) if index else 1.0
            threshold = _short(math.nextafter(score, math.inf), most, up=True)
        if threshold is not None:
            points.append(Point(threshold, float(precisions[index]), float(recalls[index])))
    return tuple(points)


def _short(least: float, most: float, up: bool = False) -> float | None:
    """A number of at least ``LEAST_DIGITS`` digits from ``least`` to ``most``, which lies at the upper end, or with
    ``up`` at the lower; None where there is no number between them."""
    if least > most:
        return None
    for digits in range(LEAST_DIGITS, MOST_DIGITS):
        number = round((math.ceil if up else math.floor)((least if up else most) * 10**digits) / 10**digits, digits)
        if least <= number <= most:
            return number
    return least if up else most


def figures_dict(
    policy: Policy, weights_sha256: str, figures: Sequence[RuleFigures], precision: float
) -> dict[str, Any]:
    """The figures as plain values."""
    rules = [
        {
            **{name: value for name, value in vars(item).items() if name not in ("curve", "suggested")},
            "curve": [vars(point) for point in item.curve],
            "suggested": vars(item.suggested) if item.suggested else None,
        }
        for item in figures
    ]
    about = {"schema": SCHEMA, "policy": policy.name, "policy_sha256": policy.sha256, "model": policy.model}
    return {**about, "weights_sha256": weights_sha256, "wanted_precision": precision, "rules": rules}
