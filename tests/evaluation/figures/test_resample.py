"""Intervals over resampled photos, against resamples written out pair by pair."""

import numpy as np
from hypothesis import given, settings
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.evaluation.figures.strategies import scored_pairs
from vtviz.evaluation.figures.confusion import at_threshold
from vtviz.evaluation.figures.resample import draws, interval, resampled_confusion, resampled_ranking
from vtviz.evaluation.figures.scored import Scored

CHECKED = 6  # resamples that are written out


def written_out(scored: Scored, times: np.ndarray) -> Scored:
    """The pairs of photos drawn so many ``times [photos]``, each as often as its photo."""
    chosen = np.repeat(np.arange(len(scored)), times[scored.photos].astype(int))
    return Scored(scored.scores[chosen], scored.labels[chosen], scored.photos[chosen], scored.photo_count)


@settings(max_examples=25)
@given(scored_pairs())
def test_resamples_are_those_of_whole_photos(scored: Scored) -> None:
    matrices, areas = resampled_confusion(scored, 0.5), resampled_ranking(scored)
    for index, times in enumerate(draws(scored.photo_count, 0)[:CHECKED]):
        own = written_out(scored, times)
        one = at_threshold(own, 0.5)
        assert all(getattr(matrices, name)[index] == getattr(one, name) for name in ("tp", "fn", "fp", "tn"))
        if 0 < own.labels.sum() < len(own):
            assert abs(areas.auc[index] - roc_auc_score(own.labels, own.scores)) < 1e-12
            assert abs(areas.match[index] - average_precision_score(own.labels, own.scores)) < 1e-12
            assert abs(areas.mismatch[index] - average_precision_score(~own.labels, -own.scores)) < 1e-12
        else:
            assert np.isnan(areas.auc[index])


def test_draws_follow_the_seed_and_hold_as_many_photos_as_there_are() -> None:
    drawn = draws(7, 1)
    assert drawn.shape == (2000, 7) and (drawn.sum(axis=1) == 7).all()
    assert np.array_equal(drawn, draws(7, 1)) and not np.array_equal(drawn, draws(7, 2))
    assert draws(20_000, 0).shape[0] == 2**24 // 20_000


def test_the_interval_of_one_photo_is_a_point_and_of_nothing_none() -> None:
    one = Scored(np.array([0.9, 0.2]), np.array([True, True]), np.array([0, 0]), 1)
    assert interval(resampled_confusion(one, 0.5).accuracy) == (0.5, 0.5)
    assert interval(resampled_ranking(one).auc) is None


def test_the_interval_of_independent_pairs_is_that_of_a_share() -> None:
    rng = np.random.default_rng(0)
    labels = rng.random(400) < 0.5
    scores = np.where(rng.random(400) < 0.8, labels, ~labels).astype(float)
    scored = Scored(scores, labels, np.arange(400), 400)
    low, high = interval(resampled_confusion(scored, 0.5).accuracy) or (0.0, 0.0)
    share = float(at_threshold(scored, 0.5).accuracy)
    half = 1.96 * np.sqrt(share * (1 - share) / 400)
    assert abs(low - (share - half)) < 0.008 and abs(high - (share + half)) < 0.008
