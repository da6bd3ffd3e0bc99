"""Two models on the same pairs."""

import numpy as np
import pytest
from scipy.stats import binom

from vtviz.evaluation.figures.comparison import compare_decisions, compare_rankings
from vtviz.evaluation.figures.scored import Scored

LABELS = np.tile([True, False], 60)
PHOTOS = np.arange(120) // 2


def made(noise: float, seed: int) -> Scored:
    rng = np.random.default_rng(seed)
    scores = 1 / (1 + np.exp(-(np.where(LABELS, 1.0, -1.0) + noise * rng.standard_normal(120))))
    return Scored(scores, LABELS, PHOTOS, 60)


def test_a_model_is_no_better_than_itself() -> None:
    gap = compare_rankings(made(1.0, 0), made(1.0, 0))
    assert gap is not None and gap.difference == 0.0 and gap.interval == (0.0, 0.0) and gap.better is None
    decisions = compare_decisions(made(1.0, 0), made(1.0, 0), (0.5, 0.5))
    assert (decisions.first_only, decisions.second_only, decisions.p, decisions.better) == (0, 0, 1.0, None)


def test_the_less_noisy_model_is_better_on_either_side() -> None:
    good, bad = made(0.4, 1), made(3.0, 2)
    gap, back = compare_rankings(good, bad), compare_rankings(bad, good)
    assert gap is not None and back is not None
    assert gap.better == "first" and back.better == "second"
    assert gap.interval == pytest.approx((-back.interval[1], -back.interval[0]))
    assert compare_decisions(bad, good, (0.5, 0.5)).better == "second"


def test_mcnemars_p_is_that_of_a_coin() -> None:
    labels, photos = np.ones(12, bool), np.arange(12)
    first = Scored(np.r_[np.ones(9), np.zeros(3)], labels, photos, 12)
    second = Scored(np.r_[np.zeros(7), np.ones(2), np.ones(2), np.zeros(1)], labels, photos, 12)
    gap = compare_decisions(first, second, (0.5, 0.5))
    assert (gap.first_only, gap.second_only) == (7, 2)
    assert gap.p == pytest.approx(2 * binom.cdf(2, 9, 0.5))


def test_each_model_decides_at_its_own_threshold() -> None:
    first, second = made(0.1, 3), made(0.1, 3)
    gap = compare_decisions(first, second, (0.5, 2.0))  # the second calls nothing a match
    assert gap.first_only == 60 and gap.second_only == 0


def test_one_category_alone_cannot_be_ranked() -> None:
    alone = Scored(np.array([0.1, 0.9]), np.array([True, True]), np.array([0, 1]), 2)
    assert compare_rankings(alone, alone) is None
