"""The reliability diagram is scikit-learn's, its error that of ``vtviz evaluate``."""

import numpy as np
from hypothesis import assume, given
from sklearn.calibration import calibration_curve

from tests.evaluation.figures.strategies import scored_pairs
from vtviz.evaluation.classification import BINS, matching_figures
from vtviz.evaluation.figures.reliability import reliability
from vtviz.evaluation.figures.scored import Scored


@given(scored_pairs())
def test_the_diagram_is_that_of_scikit_learn(scored: Scored) -> None:
    inside = scored.scores[(scored.scores > 0) & (scored.scores < 1)]
    assume((np.abs(inside * BINS - np.round(inside * BINS)) > 1e-9).all())  # an edge belongs to one bin or the other
    found = reliability(scored)
    assert found is not None and found.counts.sum() == len(scored)
    matches, probability = calibration_curve(scored.labels, scored.scores, n_bins=BINS)
    full = found.counts > 0
    assert np.allclose(found.matches[full], matches, rtol=0, atol=1e-12)
    assert np.allclose(found.probability[full], probability, rtol=0, atol=1e-12)


@given(scored_pairs())
def test_the_error_is_that_of_the_command_line(scored: Scored) -> None:
    found, labels = reliability(scored), scored.labels
    assert found is not None
    gaps = np.nan_to_num(np.abs(found.probability - found.matches)) * found.counts / len(scored)
    assert abs(found.ece - gaps.sum()) < 1e-12
    if 0 < labels.sum() < len(labels):
        right, wrong = scored.scores[labels], scored.scores[~labels]
        assert abs(matching_figures(right, wrong, 0.5)["ece"] - found.ece) < 1e-12


def test_no_pairs_have_no_diagram() -> None:
    assert reliability(Scored(np.zeros(0), np.zeros(0, bool), np.zeros(0, int), 0)) is None
