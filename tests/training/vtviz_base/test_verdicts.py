"""Bounds of a verdict, on made-up scores."""

import numpy as np
import pytest

from vtviz.training.vtviz_base.verdicts import (
    WEIGHTS,
    Parts,
    Scores,
    bounds_of,
    sentences,
    similarity_weight,
    verdict_figures,
)


def test_in_every_group_few_new_scores_lie_on_the_wrong_side() -> None:
    made = np.random.default_rng(0)

    def group(true: float, false: float, count: int) -> Scores:
        return Scores(made.normal(true, 1.0, count), made.normal(false, 1.0, count))

    means = ((2.0, -2.0), (0.5, -1.0), (3.0, 1.0))
    bounds = bounds_of([group(*own, 2000) for own in means], error=0.05)
    for own in means:
        new = group(*own, 20000)
        assert (new.true < bounds.low).mean() < 0.06 and (new.false >= bounds.high).mean() < 0.06
    wide = group(0.5, 1.0, 20000)  # the groups that decide the bounds
    assert (wide.true < bounds.low).mean() > 0.04 and (wide.false >= bounds.high).mean() > 0.04


def test_bounds_that_would_cross_lie_in_the_middle() -> None:
    bounds = bounds_of([Scores(np.linspace(0.8, 1.0, 99), np.linspace(0.0, 0.2, 99))], error=0.0101)
    assert bounds.low == bounds.high == pytest.approx(0.5, abs=1e-9)


def test_figures_by_hand() -> None:
    bounds = bounds_of([Scores(np.array([0.4, 0.9]), np.array([0.1, 0.6]))], error=0.0)
    assert (bounds.low, bounds.high) == (0.4, 0.6)
    group = Scores(np.array([0.3, 0.5, 0.7, 0.9]), np.array([0.1, 0.65]))
    figures = verdict_figures({"far": group}, bounds)
    assert figures["far true denied"] == 0.25 and figures["far false confirmed"] == 0.5
    assert figures["far told"] == pytest.approx(5 / 6) and figures["far auc"] == pytest.approx(6 / 8)


def test_a_sentence_is_held_against_that_of_the_next_photo() -> None:
    features = np.arange(3.0)[:, None]
    pairs = list(sentences([["a", "b"], [], ["c"]], features))
    assert [(float(f[0]), true, false) for f, true, false in pairs] == [(2.0, "c", "a")]


def test_the_similarity_weighs_what_tells_the_groups_apart_best() -> None:
    made = np.random.default_rng(0)

    def group(fused: float, similarity: float) -> Parts:
        """Both parts are normal with variance 1; the means of true texts are higher by so much."""
        true = made.normal((fused, similarity), 1.0, (4000, 2))
        return Parts(true, made.normal(0.0, 1.0, (4000, 2)))

    # The best linear weight is the ratio of the differences (Fisher, 1936).
    assert similarity_weight([group(1.0, 0.5)]) == pytest.approx(0.5, abs=0.15)
    assert similarity_weight([group(0.0, 1.0)]) == WEIGHTS[-1] and similarity_weight([group(1.0, 0.0)]) == WEIGHTS[0]
    assert WEIGHTS[0] < similarity_weight([group(0.0, 1.0), group(1.0, 0.0)]) < WEIGHTS[-1]


def test_scores_of_parts_by_hand() -> None:
    scores = Parts(np.array([[1.0, 2.0]]), np.array([[-1.0, 0.5]])).scores(0.5, scale=2.0, shift=1.0)
    assert scores.true.tolist() == [5.0] and scores.false.tolist() == [-0.5]
