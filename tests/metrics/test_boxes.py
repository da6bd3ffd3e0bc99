"""Measures by boxes, by hand."""

import numpy as np
import pytest

from vtviz.metrics.localisation import energy, inside, overlap

HALF = [(0.0, 0.0, 0.5, 1.0)]
MAP = np.array([[3.0, 1.0], [1.0, -5.0]])


def test_cells_know_their_share_of_the_boxes() -> None:
    np.testing.assert_allclose(inside(HALF, (2, 2)), [[1.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(
        inside([(0.0, 0.0, 0.25, 0.5), (0.0, 0.0, 0.125, 0.25)], (2, 2)), [[0.5, 0.0], [0.0, 0.0]]
    )


def test_energy_and_overlap_by_hand() -> None:
    assert energy(MAP, HALF) == pytest.approx(4 / 5)
    assert overlap(MAP, HALF) == pytest.approx(1 / 2)  # one patch shown, inside the two of the box
    assert overlap(MAP, [(0.5, 0.0, 1.0, 0.5)]) == 0.0
    assert energy(np.zeros((2, 2)), HALF) == overlap(np.zeros((2, 2)), HALF) == 0.0
