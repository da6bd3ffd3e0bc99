"""Every figure is scikit-learn's on the same scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    confusion_matrix,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)

from tests.evaluation.figures.strategies import TIED, scored_pairs
from vtviz.evaluation.figures.confusion import CATEGORIES, at_every_threshold, at_threshold
from vtviz.evaluation.figures.ranking import ranking, thinned
from vtviz.evaluation.figures.scored import Scored
from vtviz.models.base import ModelError

EXACT = 1e-12


def near(value: object, expected: object) -> bool:
    return bool(np.allclose(np.asarray(value, float), np.asarray(expected, float), rtol=0, atol=EXACT, equal_nan=True))


@given(scored_pairs(), st.one_of(TIED, st.floats(0.0, 1.1)))
def test_a_matrix_and_its_figures_are_those_of_scikit_learn(scored: Scored, threshold: float) -> None:
    called, found = scored.scores >= threshold, at_threshold(scored, threshold)
    (tn, fp), (fn, tp) = confusion_matrix(scored.labels, called, labels=[False, True])
    assert (found.tp, found.fn, found.fp, found.tn) == (tp, fn, fp, tn)
    assert near(found.accuracy, accuracy_score(scored.labels, called))
    expected = precision_recall_fscore_support(scored.labels, called, labels=[True, False], zero_division=np.nan)
    for index, category in enumerate(CATEGORIES):
        own = found.of(category)
        assert near([own.precision, own.recall, own.f1], [figure[index] for figure in expected[:3]])


@given(scored_pairs())
def test_the_matrices_at_all_thresholds_are_those_at_each(scored: Scored) -> None:
    thresholds, every = at_every_threshold(scored)
    assert thresholds[0] == np.inf and (np.diff(thresholds) < 0).all()
    for index, threshold in enumerate(thresholds):
        one = at_threshold(scored, threshold)
        assert all(getattr(every, name)[index] == getattr(one, name) for name in ("tp", "fn", "fp", "tn"))


@given(scored_pairs())
def test_areas_are_those_of_scikit_learn(scored: Scored) -> None:
    found = ranking(scored)
    if not 0 < scored.labels.sum() < len(scored):
        assert np.isnan(found.auc) and np.isnan([found.match, found.mismatch]).any()
        return
    assert near(found.auc, roc_auc_score(scored.labels, scored.scores))
    assert near(found.auc, roc_auc_score(~scored.labels, -scored.scores))
    assert near(found.match, average_precision_score(scored.labels, scored.scores))
    assert near(found.mismatch, average_precision_score(~scored.labels, -scored.scores))


@given(scored_pairs(fewest=2))
def test_curves_are_those_of_scikit_learn(scored: Scored) -> None:
    if not 0 < scored.labels.sum() < len(scored):
        return
    thresholds, every = at_every_threshold(scored)
    false, true, at = roc_curve(scored.labels, scored.scores, drop_intermediate=False)
    assert near(every.fall_out, false) and near(every.recall, true) and np.array_equal(thresholds, at)
    precision, recall, at = precision_recall_curve(scored.labels, scored.scores)
    assert near(every.precision[1:][::-1], precision[:-1]) and near(every.recall[1:][::-1], recall[:-1])
    assert np.array_equal(thresholds[1:][::-1], at)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_score_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ModelError, match=r"not a number \(1 of 2 values\)"):
        Scored(np.array([0.5, bad]), np.array([True, False]), np.array([0, 1]), 2)


def test_no_pairs_have_no_figures() -> None:
    none = Scored(np.zeros(0), np.zeros(0, bool), np.zeros(0, int), 0)
    assert np.isnan(at_threshold(none, 0.5).accuracy) and np.isnan(ranking(none).auc)


def test_a_thinned_curve_keeps_its_ends() -> None:
    x = np.arange(5000.0)
    thin, same = thinned(x, x**2)
    assert len(thin) == 400 and thin[0] == 0 and thin[-1] == 4999 and np.array_equal(same, thin**2)
    assert thinned(x[:9], x[:9])[0] is not None and len(thinned(x[:9], x[:9])[0]) == 9
