"""What is fitted on dev."""

import numpy as np
import torch

from vtviz.training.vtviz_base.calibration import best_temperature, platt_scaling


def test_the_temperature_undoes_a_scale() -> None:
    made = np.random.default_rng(0)
    logits = made.normal(size=(4000, 6)) * 2
    truth = torch.distributions.Categorical(logits=torch.from_numpy(logits)).sample().numpy()
    right = logits.argmax(axis=1) == truth
    assert 0.9 < best_temperature(logits, right) < 1.12
    assert 1.8 < best_temperature(2 * logits, right) < 2.24


def test_platt_scaling_turns_logits_into_probabilities() -> None:
    made = torch.Generator().manual_seed(0)
    logits = torch.randn(20000, generator=made) * 2
    is_true = torch.rand(20000, generator=made) < torch.sigmoid(0.5 * logits - 1.0)
    slope, shift = platt_scaling(list(logits[is_true].split(100)), [logits[~is_true]])
    assert abs(slope - 0.5) < 0.03 and abs(shift + 1.0) < 0.06
