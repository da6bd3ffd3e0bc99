"""Bounds of a verdict, on made-up scores."""

import numpy as np
import pytest

from vtviz.training.vtviz_base.verdicts import Scores, bounds_of, sentences, verdict_figures


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
