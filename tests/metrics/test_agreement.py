"""Agreement of two maps, by hand and against ranks worked out with numpy alone."""

import numpy as np
import pytest

from vtviz.metrics.agreement import on_one_grid, overlap, rank_correlation, shares


def ranks(values: np.ndarray) -> np.ndarray:
    """Mean ranks, counted pair by pair."""
    below = (values[:, None] > values[None, :]).sum(axis=1)
    same = (values[:, None] == values[None, :]).sum(axis=1)
    return below + (same + 1) / 2


def test_rank_correlation_is_the_correlation_of_mean_ranks() -> None:
    draw = np.random.default_rng(0)
    first, second = draw.integers(0, 9, (6, 7)).astype(float), draw.integers(0, 9, (6, 7)).astype(float)
    expected = np.corrcoef(ranks(first.ravel()), ranks(second.ravel()))[0, 1]
    assert rank_correlation(first, second) == pytest.approx(expected, abs=1e-12)


def test_rank_correlation_knows_order_alone() -> None:
    values = np.array([[0.1, 0.4], [0.2, 0.9]])
    assert rank_correlation(values, values**3) == pytest.approx(1.0)
    assert rank_correlation(values, -values) == pytest.approx(-1.0)
    assert rank_correlation(values, np.ones((2, 2))) is None


def test_overlap_by_hand() -> None:
    first, second = np.zeros((2, 5)), np.zeros((2, 5))
    first[0, :2], second[0, 1:3] = (3.0, 2.0), (3.0, 2.0)
    assert overlap(first, second, share=0.2) == pytest.approx(1 / 3)  # {0, 1} and {1, 2}
    assert overlap(first, first) == 1.0
    assert overlap(first, second, share=0.1) == 0.0  # {0} and {1}


def test_shares_put_maps_of_any_strength_on_one_scale() -> None:
    values = np.array([[1.0, -3.0], [0.0, 4.0]])
    np.testing.assert_allclose(shares(values), values / 8)
    np.testing.assert_allclose(shares(10 * values), shares(values))
    assert (shares(np.zeros((2, 2))) == 0).all()


def test_a_coarse_map_meets_a_fine_one_on_the_fine_grid() -> None:
    coarse, fine = np.array([[0.0, 4.0]]), np.zeros((1, 4))
    one, other = on_one_grid(coarse, fine)
    np.testing.assert_allclose(one, [[0.0, 1.0, 3.0, 4.0]])
    assert other is fine
