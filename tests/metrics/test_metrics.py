"""Metrics against values worked out by hand."""

import math

import numpy as np
import pytest
import torch

from vtviz.metrics.attention import entropy
from vtviz.metrics.localisation import in_boxes, peak


def test_the_peak_of_a_map_is_the_centre_of_its_highest_patch() -> None:
    relevance = np.zeros((5, 10))
    relevance[3, 7] = 1.0
    x, y = peak(relevance, width=200, height=100)
    assert x == pytest.approx(0.75, abs=0.02) and y == pytest.approx(0.7, abs=0.02)
    assert in_boxes((x, y), [[0.0, 0.0, 0.1, 0.1], [0.7, 0.6, 0.8, 0.8]])
    assert not in_boxes((x, y), [[0.0, 0.0, 0.5, 1.0]])


def test_entropy_of_one_patch_of_all_and_of_half() -> None:
    rows = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.25] * 4, [0.5, 0.5, 0.0, 0.0]])
    expected = torch.tensor([0.0, 1.0, math.log(2) / math.log(4)])
    torch.testing.assert_close(entropy(rows), expected, atol=1e-6, rtol=0)
    assert entropy(torch.ones(3, 1)).tolist() == [0.0, 0.0, 0.0]
