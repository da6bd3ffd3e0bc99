"""Occlusion, ablation, RISE, Shapley values and gradients against brute force, enumeration and Captum."""

from collections import Counter
from itertools import combinations, permutations
from math import comb

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation as CaptumAblation
from captum.attr import LayerIntegratedGradients
from torch import Tensor

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.methods.perturbation.rise import Draws
from vtviz.attribution.options import Options
from vtviz.attribution.perturbation import batches, in_batches
from vtviz.attribution.players import Players
from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH, EncodedText, Target
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Watch

TEXT = "a dog runs"


@pytest.fixture
def case(tiny: VtvizBase, photo: ImageInput) -> Case:
    return Case(tiny, photo, [TEXT])


def value(model: VtvizBase, pixels: Tensor, text: str = TEXT, target: Target = MATCH) -> float:
    with torch.no_grad():
        return float(model.score(model.encode_pixels(pixels), model.encode_texts([text]), target))


def without(pixels: Tensor, rows: slice, columns: slice) -> Tensor:
    """The photo with a rectangle of patches (16 pixels) in its mean colour."""
    changed = pixels.clone()
    for channel in range(3):
        changed[0, channel, rows.start * 16 : rows.stop * 16, columns.start * 16 : columns.stop * 16] = pixels[
            0, channel
        ].mean()
    return changed


def units(relevance_image: np.ndarray, details: object) -> np.ndarray:
    return relevance_image * details.image_unit  # type: ignore[attr-defined]


def test_occlusion_by_brute_force(tiny: VtvizBase, case: Case) -> None:
    pixels, whole = case.pixels, value(tiny, case.pixels)
    total, count = np.zeros((4, 4)), np.zeros((4, 4))
    for row in range(3):
        for column in range(3):
            square = np.s_[row : row + 2, column : column + 2]
            total[square] += whole - value(tiny, without(pixels, slice(row, row + 2), slice(column, column + 2)))
            count[square] += 1
    (found,) = attribute_case(case, "occlusion", Options(window=2))
    np.testing.assert_allclose(units(found.image, found.details), total / count, atol=1e-4)
    assert found.maps_of == "text" and (found.maps == found.image).all() and not found.tokens.any()


def test_leave_one_out_writes_the_text_without_the_word(tiny: VtvizBase, photo: ImageInput, case: Case) -> None:
    expected = [value(tiny, case.pixels) - value(tiny, case.pixels, text) for text in ("dog runs", "a runs", "a dog")]
    (found,) = attribute_case(case, "leave_one_out")
    np.testing.assert_allclose(found.tokens, expected, atol=1e-5)
    (pieces,) = attribute_case(Case(tiny, photo, ["a skateboarder"]), "leave_one_out")
    drop = value(tiny, case.pixels, "a skateboarder") - value(tiny, case.pixels, "a")
    np.testing.assert_allclose(pieces.tokens[1:], [drop / 2, drop / 2], atol=1e-5)


def test_ablation_agrees_with_captum(case: Case) -> None:
    worth = _worth(case, "feature_ablation", Options(window=2))
    expected = CaptumAblation(_game(case, 2)).attribute(torch.ones(1, 7), baselines=torch.zeros(1, 7))[0]
    np.testing.assert_allclose(worth, expected, atol=1e-4)


def _game(case: Case, window: int):
    players = Players(case, window)

    def play(present: Tensor) -> Tensor:
        there = present.bool()
        features = players.features(there[:, 3:])
        return players.values(0, there[:, :3], features, torch.arange(len(there)))

    return play


def _worth(case: Case, method: str, options: Options) -> np.ndarray:
    """The worth of the three words, then that of each square."""
    (found,) = attribute_case(case, method, options)
    window = options.window or 1
    squares = units(found.image, found.details).reshape(4 // window, window, 4 // window, window).sum(axis=(1, 3))
    return np.concatenate([found.tokens, squares.flatten()])


def _exact(case: Case) -> np.ndarray:
    """Shapley values of four players (three words, one square) by Shapley's formula over all coalitions."""
    game = _game(case, 4)
    worth = {}
    for size in range(5):
        for members in combinations(range(4), size):
            present = torch.tensor([[float(p in members) for p in range(4)]])
            worth[frozenset(members)] = float(game(present))
    found = np.zeros(4)
    for player in range(4):
        for members, before in worth.items():
            if player not in members:
                weight = 1 / (4 * comb(3, len(members)))
                found[player] += weight * (worth[members | {player}] - before)
    return found


def test_shapley_sampling_agrees_with_enumeration_and_is_efficient(tiny: VtvizBase, case: Case) -> None:
    (found,) = attribute_case(case, "shapley", Options(samples=200, window=4))
    exact, details = _exact(case), found.details
    assert details is not None and details.value is not None and details.baseline is not None
    sampled = np.append(found.tokens, units(found.image, details).sum())
    assert details.tokens_error is not None and details.image_error is not None and details.image_unit is not None
    errors = np.append(details.tokens_error, details.image_error.sum() * details.image_unit)
    assert (np.abs(sampled - exact) <= 4 * errors + 1e-5).all()
    assert sampled.sum() == pytest.approx(details.value - details.baseline, abs=1e-4)
    assert details.value == pytest.approx(value(tiny, case.pixels), abs=1e-4)
    assert details.text_share == pytest.approx(np.abs(sampled[:3]).sum() / np.abs(sampled).sum(), abs=1e-4)


def test_kernel_shap_agrees_with_enumeration(case: Case) -> None:
    (found,) = attribute_case(case, "kernel_shap", Options(samples=200, window=4))
    fitted = np.append(found.tokens, units(found.image, found.details).sum())
    exact = _exact(case)
    np.testing.assert_allclose(fitted, exact, atol=0.1 * np.abs(exact).max())
    assert found.details is not None and abs(found.details.delta or 0.0) < 0.01 * np.abs(exact).sum()


def test_every_order_of_the_sampler_is_as_likely(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """All 24 orders of three words and a square occur, about equally often."""
    orders: Counter[tuple[int, ...]] = Counter()

    def play(self: Players, index: int, there: Tensor, features: Tensor, which: Tensor) -> Tensor:
        orders[tuple(torch.cat([there, which[:, None].bool()], dim=1).sum(dim=0).tolist())] += 1
        return torch.zeros(len(there))

    monkeypatch.setattr(Players, "values", play)
    attribute_case(case, "shapley", Options(samples=1200, window=4))
    assert set(orders) == set(permutations((1, 2, 3, 4))) and min(orders.values()) > 25 and max(orders.values()) < 80


def test_the_first_piece_of_a_caption_follows_no_word(tiny: VtvizBase, photo: ImageInput) -> None:
    case = Case(tiny, photo, [TEXT], Target("caption", 0))
    (left_out,) = attribute_case(case, "leave_one_out")
    assert left_out.tokens.tolist() == [0.0, 0.0, 0.0]
    (fitted,) = attribute_case(case, "kernel_shap", Options(samples=20, window=4))
    details = fitted.details
    assert details is not None and details.value is not None and details.baseline is not None
    assert not fitted.tokens.any() and details.delta == pytest.approx(0.0, abs=1e-5)
    assert units(fitted.image, details).sum() == pytest.approx(details.value - details.baseline, abs=1e-5)


def test_a_patch_that_no_mask_shows_has_no_relevance(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtviz.attribution.methods.perturbation.rise.SHOWN", 0.0)
    (found,) = attribute_case(case, "rise", Options(samples=10, window=4))
    assert not found.image.any() and found.details is not None
    assert found.details.image_error is not None and not found.details.image_error.any()


def test_rise_is_the_weighted_mean_of_its_masks(tiny: VtvizBase, case: Case) -> None:
    draws = Draws((4, 4), (64, 64), 2, 30, seed=7)
    masks = draws.masks(slice(0, 30))
    assert masks.min() >= 0 and masks.max() <= 1 and 0.3 < masks.mean() < 0.7
    fill = case.pixels.mean(dim=(2, 3), keepdim=True)
    scores = np.array([value(tiny, case.pixels * m + fill * (1 - m)) for m in masks])
    shown = np.array(
        [[m[0, 16 * r : 16 * r + 16, 16 * c : 16 * c + 16].mean() for r in range(4) for c in range(4)] for m in masks]
    )
    expected = ((scores - scores.mean())[:, None] * shown).sum(axis=0) / shown.sum(axis=0)
    (found,) = attribute_case(case, "rise", Options(samples=30, seed=7, window=2))
    np.testing.assert_allclose(units(found.image, found.details).flatten(), expected, atol=1e-4)


@pytest.mark.parametrize("target", [MATCH, Target("similarity"), Target("caption", 2), Target("answer", 1)])
def test_integrated_gradients_are_complete(tiny: VtvizBase, photo: ImageInput, target: Target) -> None:
    (found,) = attribute_case(Case(tiny, photo, [TEXT], target), "integrated_gradients", Options(samples=100))
    details = found.details
    assert details is not None and details.value is not None and details.baseline is not None
    change = details.value - details.baseline
    total = found.tokens.sum() + units(found.image, details).sum()
    assert abs(change) > 1e-3 and total == pytest.approx(change, rel=0.01, abs=1e-4)
    assert details.delta == pytest.approx(change - total, abs=1e-4)


@pytest.mark.filterwarnings("ignore:Multiple layers provided")
def test_integrated_gradients_agree_with_captum_along_the_whole_path(tiny: VtvizBase, photo: ImageInput) -> None:
    case = Case(tiny, photo, [TEXT], Target("answer", 1))
    (found,) = attribute_case(case, "integrated_gradients", Options(samples=100))
    text, eye = case.text, torch.nn.Identity()

    def run(ids: Tensor, features: Tensor) -> Tensor:
        return tiny.score(eye(features), EncodedText(ids, text.mask.expand(len(ids), -1)), case.target)

    padded = text.ids.clone()
    padded[:, 1:-1] = 0
    grey = tiny.encode_pixels(without(case.pixels, slice(0, 4), slice(0, 4)))
    words, patches = LayerIntegratedGradients(run, [tiny.network.text_tower.words, eye]).attribute(
        (text.ids, case.features.clone()), (padded, grey), n_steps=200
    )
    scale = patches.sum(dim=-1).abs().max().item()
    np.testing.assert_allclose(found.tokens, words.sum(dim=-1)[0, 1:-1].detach(), atol=0.01 * scale)
    np.testing.assert_allclose(
        units(found.image, found.details).flatten(), patches.sum(dim=-1)[0].detach(), atol=0.01 * scale
    )


def test_integrated_gradients_take_more_steps_only_where_more_than_a_hundredth_is_left(case: Case) -> None:
    for samples in (2, 50):
        totals: list[int] = []
        watch = Watch(lambda now, totals=totals: totals.append(now.total))
        (found,) = attribute_case(case, "integrated_gradients", Options(samples=samples), watch)
        details, steps = found.details, totals[-1] // 2
        assert details is not None and None not in (details.value, details.baseline, details.delta)
        complete = abs(details.delta) <= 0.01 * abs(details.value - details.baseline)  # type: ignore[arg-type, operator]
        assert samples <= steps <= 4 * samples and (complete or steps >= 3 * samples)
        assert complete or samples == 2


def test_gradient_input_agrees_with_finite_differences(tiny: VtvizBase, case: Case) -> None:
    (found,) = attribute_case(case, "gradient_input")
    features = tiny.encode_image(ImageInput(_pixels(), "0" * 64)).clone().double()
    model = tiny
    step = 1e-3
    photo_units = units(found.image, found.details).flatten()
    with torch.no_grad():
        for patch in (0, 5, 15):
            more, less = features.float().clone(), features.float().clone()
            more[0, patch] *= 1 + step
            less[0, patch] *= 1 - step
            slope = float(model.score(more, case.text, MATCH) - model.score(less, case.text, MATCH)) / (2 * step)
            assert photo_units[patch] == pytest.approx(slope, abs=2e-3)


def _pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)


def test_slices_cover_everything_and_are_halved_where_memory_runs_out() -> None:
    assert [s.stop - s.start for s in batches(10, 4)] == [3, 3, 4]
    sizes: list[int] = []

    def compute(part: slice) -> Tensor:
        if part.stop - part.start > 3:
            raise torch.OutOfMemoryError
        sizes.append(part.stop - part.start)
        return torch.arange(part.start, part.stop)

    assert torch.cat(list(in_batches(compute, 10, 8))).tolist() == list(range(10))
    assert sizes == [2, 2, 2, 2, 2]
