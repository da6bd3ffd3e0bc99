"""Figures of both match categories, by hand."""

import numpy as np
import pytest

from vtviz.evaluation.classification import best_threshold, calibration_error, matching_figures


def test_matching_by_hand() -> None:
    figures = matching_figures(np.array([0.9, 0.8, 0.3]), np.array([0.7, 0.1, 0.2]), threshold=0.5)
    match, mismatch = figures["match"], figures["mismatch"]
    assert (match["correct"], match["wrong"], mismatch["correct"], mismatch["wrong"]) == (2, 1, 2, 1)
    assert match["precision"] == match["recall"] == match["f1"] == pytest.approx(2 / 3)
    assert figures["auc"] == mismatch["auc"] == pytest.approx(8 / 9)
    assert figures["roc"][0][0] == 0.0 and figures["roc"][-1] == [1.0, 1.0]


def test_the_best_threshold_separates() -> None:
    threshold = best_threshold(np.array([0.62, 0.9]), np.array([0.58, 0.1]))
    assert 0.58 < threshold <= 0.62


def test_the_calibration_error_by_hand() -> None:
    probabilities = np.array([0.9, 0.9, 0.9, 0.9, 0.1, 0.1])
    labels = np.array([1, 1, 0, 0, 0, 0])
    assert abs(calibration_error(probabilities, labels) - (4 / 6 * 0.4 + 2 / 6 * 0.1)) < 1e-6
