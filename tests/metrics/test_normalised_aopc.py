"""AOPC over blocks and its bounds, against all orders of a small game."""

from itertools import permutations

import numpy as np
import pytest

from tests.metrics.conftest import PATCH_WEIGHTS, Linear
from tests.metrics.test_axioms_and_road import subject, take
from vtviz.metrics.faithfulness import aopc, aopc_bounds, blocks_of


def game(kept: np.ndarray) -> np.ndarray:
    """Answers that no single order explains: pairs of blocks matter together."""
    weights = np.array([1.0, -0.5, 2.0, 0.25, 0.7])
    return kept @ weights + 1.5 * kept[:, 0] * kept[:, 3] - 2.0 * kept[:, 1] * kept[:, 4]


def test_bounds_are_those_of_all_orders() -> None:
    blocks = np.eye(5, dtype=bool)
    values = [aopc(game, np.array(order), blocks) for order in permutations(range(5))]
    low, high = aopc_bounds(game, blocks, beam=10)  # as many as there are sets of a size
    assert (low, high) == pytest.approx((min(values), max(values)))
    narrow = aopc_bounds(game, blocks)
    assert min(values) <= narrow[0] + 1e-9 and narrow[1] <= max(values) + 1e-9 and narrow[0] < narrow[1]


def test_aopc_is_the_mean_fall() -> None:
    blocks = np.array([[True, True, False], [False, False, True]])
    weights = np.array([1.0, 2.0, 4.0])
    assert aopc(lambda kept: kept @ weights, np.array([1, 0]), blocks) == pytest.approx((4.0 + 7.0) / 2)


def test_the_true_ranking_has_1_and_its_reverse_0() -> None:
    model = Linear()
    assert take("normalised_aopc", subject(model, PATCH_WEIGHTS)) == pytest.approx(1.0)
    assert take("normalised_aopc", subject(model, 6 - PATCH_WEIGHTS)) == pytest.approx(0.0, abs=1e-6)
    falls = np.sort(PATCH_WEIGHTS)[::-1].cumsum()
    assert take("aopc", subject(model, PATCH_WEIGHTS)) == pytest.approx(falls.mean(), abs=1e-5)
    half = take("normalised_aopc", subject(model, np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])))
    assert half is not None and 0.0 < half < 1.0


@pytest.mark.parametrize(("grid", "count"), [((20, 20), 16), ((2, 3), 6), ((7, 7), 16), ((1, 9), 4)])
def test_blocks_share_out_the_patches(grid: tuple[int, int], count: int) -> None:
    blocks = blocks_of(grid)
    assert blocks.shape == (count, grid[0] * grid[1]) and (blocks.sum(axis=0) == 1).all()
    assert blocks.sum(axis=1).max() <= 4 * blocks.sum(axis=1).min() and blocks.any(axis=1).all()
