"""Reported faults of maps that are flat, zero or not a number."""

import numpy as np
import pytest
import torch

from vtviz.attribution.attribute import attribute
from vtviz.attribution.base import Details, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.maps import scaled
from vtviz.attribution.masked import Masked
from vtviz.attribution.options import Options
from vtviz.inputs import ImageInput
from vtviz.metrics.agreement import on_one_grid, overlap, rank_correlation, shares
from vtviz.metrics.base import Subject
from vtviz.metrics.localisation import points_into
from vtviz.metrics.registry import metrics
from vtviz.models.vtviz_base.model import VtvizBase

NAN = float("nan")
WHOLE, CORNER = [(0.0, 0.0, 1.0, 1.0)], [(0.0, 0.0, 0.1, 0.1)]
OPTIONS = {"rise": Options(samples=20), "kernel_shap": Options(samples=20), "shapley": Options(samples=4)}
RISING = np.arange(16.0).reshape(4, 4)


@pytest.mark.parametrize("value", [0.0, 0.3, -1.0, NAN])
@pytest.mark.parametrize("side", [4, 20])
def test_a_flat_map_points_nowhere(value: float, side: int) -> None:
    flat = np.full((side, side), value)
    for boxes in (WHOLE, CORNER, [(0.2, 0.2, 0.3, 0.3)]):
        assert not points_into(flat, boxes, 500, 375)
    assert points_into(RISING, [(0.8, 0.8, 1.0, 1.0)], 500, 375)


def test_a_flat_map_has_no_highest_patches_and_no_order() -> None:
    for flat in (np.zeros((4, 4)), np.ones((4, 4)), np.full((4, 4), NAN)):
        for pair in ((flat, flat), (flat, RISING), (RISING, flat)):
            assert overlap(*pair) is None and rank_correlation(*pair) is None


def test_a_flat_map_stays_flat_on_a_finer_grid() -> None:
    """Enlarging leaves differences of 6e-8, which have an order of their own."""
    one, other = on_one_grid(np.full((7, 7), 0.3), np.random.default_rng(0).random((20, 20)))
    assert np.ptp(one) > 0
    assert rank_correlation(shares(one), shares(other)) is None and overlap(shares(one), shares(other)) is None


def test_a_map_of_zeros_stays_zero_when_it_is_scaled() -> None:
    assert (scaled(np.zeros((2, 3, 3))) == 0).all()
    assert scaled(-np.ones((1, 2, 2))).min() == -1.0


@pytest.mark.parametrize("method", ["attention_gradcam", "rise", "kernel_shap", "shapley", "occlusion"])
def test_a_grey_photo_and_a_single_word_give_numbers(tiny: VtvizBase, method: str) -> None:
    grey = ImageInput(np.full((64, 64, 3), 128, np.uint8), "1" * 64)
    found = attribute(tiny, grey, "dog", method=method, options=OPTIONS.get(method))
    assert np.isfinite(found.tokens).all() and np.isfinite(found.maps).all() and np.isfinite(found.image).all()


def test_a_map_that_is_not_a_number_is_not_measured(tiny: VtvizBase, photo: ImageInput) -> None:
    case = Case(tiny, photo, ["a dog"])
    tokens, image = np.full(2, NAN), np.full((4, 4), NAN)
    relevance = Relevance(tokens, np.broadcast_to(image, (2, 4, 4)), image, signed=False)
    subject = Subject(case, photo, relevance, Masked(case), boxes=((0.0, 0.0, 0.5, 0.5),))
    taken = {name: metric.take(subject) for name, metric in metrics().items()}
    assert {name: value for name, value in taken.items() if value is not None} == {}


@pytest.mark.parametrize("wrong", ["value", "baseline", "delta"])
def test_what_is_not_a_number_does_not_add_up(wrong: str) -> None:
    assert not Details(value=1.0, baseline=0.0, delta=0.005).incomplete
    assert Details(**{"value": 1.0, "baseline": 0.0, "delta": 0.0, wrong: NAN}).incomplete


@pytest.mark.parametrize("method", ["rise", "shapley", "kernel_shap", "integrated_gradients"])
def test_random_methods_follow_their_seed_alone(tiny: VtvizBase, photo: ImageInput, method: str) -> None:
    torch.manual_seed(1)
    np.random.seed(1)
    before, drawn = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index]
    first = attribute(tiny, photo, "a dog runs", method=method, options=OPTIONS.get(method))
    assert torch.equal(before, torch.get_rng_state()) and (drawn == np.random.get_state()[1]).all()  # type: ignore[index]
    torch.manual_seed(2)
    second = attribute(tiny, photo, "a dog runs", method=method, options=OPTIONS.get(method))
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.tokens, second.tokens)
