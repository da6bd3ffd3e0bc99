"""What is fitted on dev."""

import numpy as np
import torch

from vtviz.evaluation.classification import calibration_error
from vtviz.training.vtviz_base.calibration import best_temperature


def test_the_temperature_undoes_a_scale() -> None:
    made = np.random.default_rng(0)
    logits = made.normal(size=(4000, 6)) * 2
    truth = torch.distributions.Categorical(logits=torch.from_numpy(logits)).sample().numpy()
    right = logits.argmax(axis=1) == truth
    assert 0.9 < best_temperature(logits, right) < 1.12
    assert 1.8 < best_temperature(2 * logits, right) < 2.24


def test_the_calibration_error_by_hand() -> None:
    probabilities = np.array([0.9, 0.9, 0.9, 0.9, 0.1, 0.1])
    labels = np.array([1, 1, 0, 0, 0, 0])
    assert abs(calibration_error(probabilities, labels) - (4 / 6 * 0.4 + 2 / 6 * 0.1)) < 1e-6
