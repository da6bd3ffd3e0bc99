"""Two models on the same pairs: which ranks better, which decides better, and whether that may be chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import binomtest

from vtviz.evaluation.figures.ranking import ranking
from vtviz.evaluation.figures.resample import Interval, interval, resampled_ranking
from vtviz.evaluation.figures.scored import Scored

Better = Literal["first", "second"]
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class RankingGap:
    """The AUC of two models, and ``difference`` = first − second with its interval over resampled photos."""

    first: float
    second: float
    difference: float
    interval: Interval

    @property
    def better(self) -> Better | None:
        """Who ranks better; None where the interval holds 0, so that it may be chance."""
        low, high = self.interval
        return None if low <= 0.0 <= high else "first" if self.difference > 0 else "second"


@dataclass(frozen=True)
class DecisionGap:
    """How many pairs only the first model decides right, how many only the second, and the p value of McNemar's exact
    test (Psychometrika 1947): were both equally good, each of these pairs would be a toss of a coin."""

    first_only: int
    second_only: int
    p: float

    @property
    def better(self) -> Better | None:
        """Who decides better; None where it may be chance."""
        if self.p >= SIGNIFICANT:
            return None
        return "first" if self.first_only > self.second_only else "second"


def compare_rankings(first: Scored, second: Scored, seed: int = 0) -> RankingGap | None:
    """The paired difference of the AUCs on the same pairs in the same order, with the same photos drawn for both; None
    where a category has no pairs."""
    own, other = float(ranking(first).auc), float(ranking(second).auc)
    between = interval(resampled_ranking(first, seed).auc - resampled_ranking(second, seed).auc)
    return None if between is None or np.isnan(own - other) else RankingGap(own, other, own - other, between)


def compare_decisions(first: Scored, second: Scored, thresholds: tuple[float, float]) -> DecisionGap:
    """The decisions of both on the same pairs, each at its own threshold."""
    own, other = (
        (scored.scores >= threshold) == scored.labels
        for scored, threshold in zip((first, second), thresholds, strict=True)
    )
    only = int((own & ~other).sum()), int((other & ~own).sum())
    p = float(binomtest(only[0], sum(only), 0.5).pvalue) if sum(only) else 1.0
    return DecisionGap(*only, p)
