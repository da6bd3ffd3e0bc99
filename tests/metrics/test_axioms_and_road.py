"""Completeness, non-sensitivity, ROAD and relative stability on a linear model, against independent computations."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.metrics.conftest import GRID, PATCH_WEIGHTS, SIDE, Linear
from vtviz.attribution.base import Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.masked import Masked
from vtviz.inputs import ImageInput
from vtviz.metrics.base import Subject
from vtviz.metrics.registry import find_metric
from vtviz.metrics.road import imputed
from vtviz.models.base import EncodedText, Target

RNG = np.random.default_rng(0)
PHOTO = ImageInput(RNG.integers(60, 200, (GRID[0] * SIDE, GRID[1] * SIDE, 3), dtype=np.uint8), "0" * 64)


class Seeing(Linear):
    """The linear model of the pixels themselves."""

    def pixels(self, image: ImageInput) -> torch.Tensor:
        return torch.from_numpy(image.pixels / 255).permute(2, 0, 1)[None].float()


class Exact(Seeing):
    """The same in double precision."""

    def pixels(self, image: ImageInput) -> torch.Tensor:
        return torch.from_numpy(image.pixels / 255).permute(2, 0, 1)[None]

    def score(self, features: torch.Tensor, text: EncodedText, target: Target) -> torch.Tensor:
        return features[..., 0].double() @ torch.from_numpy(PATCH_WEIGHTS)


def subject(model: Linear, scores: np.ndarray, signed: bool = True, **more: object) -> Subject:
    case = Case(model, PHOTO, ["a red bus"], Target("similarity"))  # type: ignore[arg-type]
    relevance = Relevance(np.ones(3), np.ones((3, *GRID)), scores.reshape(GRID), signed=signed)
    return Subject(case, PHOTO, relevance, Masked(case, "zero"), **more)  # type: ignore[arg-type]


def take(name: str, of: Subject) -> float | None:
    return find_metric(name).take(of)


def test_exact_contributions_add_up_and_others_miss_by_a_known_share() -> None:
    assert take("completeness_gap", subject(Linear(), PATCH_WEIGHTS)) == pytest.approx(0.0, abs=1e-6)
    assert take("completeness_gap", subject(Linear(), 2 * PATCH_WEIGHTS)) == pytest.approx(1.0, abs=1e-6)
    added = subject(Linear(), PATCH_WEIGHTS + np.eye(6)[0])
    assert take("completeness_gap", added) == pytest.approx(1.0 / PATCH_WEIGHTS.sum(), abs=1e-6)
    assert take("completeness_gap", subject(Linear(), PATCH_WEIGHTS, signed=False)) is None


def test_patches_marked_for_nothing_and_patches_overlooked_are_counted() -> None:
    assert take("non_sensitivity", subject(Linear(), PATCH_WEIGHTS)) == 0.0  # the last weight is 0
    wrong = PATCH_WEIGHTS.copy()
    wrong[[0, 5]] = 0.0, 1.0  # overlooks the first, marks the last
    assert take("non_sensitivity", subject(Linear(), wrong)) == pytest.approx(2 / 6, abs=1e-6)


def test_imputed_cells_are_the_weighted_means_of_their_neighbours() -> None:
    values, shown = RNG.random((2, 6, 7)), RNG.random((6, 7)) > 0.4
    found = imputed(values, shown)
    np.testing.assert_array_equal(found[:, shown], values[:, shown])
    for y, x in zip(*np.nonzero(~shown), strict=True):
        total, weights = np.zeros(2), 0.0
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                if (dy or dx) and 0 <= y + dy < 6 and 0 <= x + dx < 7:
                    weight = 1 / 6 if dy == 0 or dx == 0 else 1 / 12
                    total, weights = total + weight * found[:, y + dy, x + dx], weights + weight
        np.testing.assert_allclose(found[:, y, x], total / weights, atol=1e-9)
    np.testing.assert_allclose(
        imputed(values, np.zeros((6, 7), bool)), values.mean(axis=(1, 2), keepdims=True) + 0 * values
    )


def test_road_tells_the_right_order_from_the_reverse() -> None:
    model = Seeing()
    right, wrong = (take("road", subject(model, sign * _contributions(model))) for sign in (1.0, -1.0))
    assert right is not None and wrong is not None and right > 0 and wrong == pytest.approx(-right, abs=1e-6)


def test_road_is_the_mean_gap_of_answers_to_photos_imputed_by_hand() -> None:
    scores, seed, model = np.array([0.3, 0.9, 0.1, 0.7, 0.5, 0.2]), 3, Seeing()
    case = Case(model, PHOTO, ["a"], Target("similarity"))  # type: ignore[arg-type]
    relevance = Relevance(np.ones(1), np.ones((1, *GRID)), scores.reshape(GRID), signed=True)
    found = take("road", Subject(case, PHOTO, relevance, Masked(case, "zero"), seed=seed))
    photo = PHOTO.pixels.transpose(2, 0, 1) / 255
    height, width = photo.shape[1:]
    noise = torch.randn(1, *photo.shape, generator=torch.Generator().manual_seed(seed))[0].double().numpy()
    noise *= 0.01 * photo.std(ddof=1)
    coarse = photo.reshape(3, GRID[0] * 4, SIDE // 4, GRID[1] * 4, SIDE // 4).mean(axis=(2, 4))

    def answer(removed: list[int]) -> float:
        hole = np.zeros(6, bool)
        hole[removed] = True
        small, large = (hole.reshape(GRID).repeat(n, axis=0).repeat(n, axis=1) for n in (4, SIDE))
        filling = _smooth(_by_neighbours(coarse, small), height, width) + noise
        shown = np.where(large, filling, photo).mean(axis=0)
        means = shown.reshape(GRID[0], SIDE, GRID[1], SIDE).mean(axis=(1, 3)).ravel()
        return float(PATCH_WEIGHTS @ means + 0.5)

    order = np.argsort(-scores).tolist()
    counts = [1, 2, 3, 4, 5]  # of six patches, 16 % to 80 % rounded
    gaps = [answer(order[::-1][:count]) - answer(order[:count]) for count in counts]
    assert found == pytest.approx(np.mean(gaps) / 2, abs=1e-6)


def _by_neighbours(values: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The linear system of ROAD, cell by cell, solved as a dense one."""
    places = [tuple(place) for place in np.argwhere(hole)]
    left, right = np.zeros((len(places), len(places))), np.zeros((len(places), len(values)))
    for row, (y, x) in enumerate(places):
        for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)):
            other, weight = (y + dy, x + dx), 1 / 12 if dy and dx else 1 / 6
            if 0 <= other[0] < hole.shape[0] and 0 <= other[1] < hole.shape[1]:
                left[row, row] += weight
                if hole[other]:
                    left[row, places.index(other)] -= weight
                else:
                    right[row] += weight * values[:, other[0], other[1]]
    result = values.copy()
    for (y, x), solved in zip(places, np.linalg.solve(left, right), strict=True):
        result[:, y, x] = solved
    return result


def _smooth(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear interpolation between the centres of cells, which stay the same beyond the outermost."""
    for axis, size in ((1, height), (2, width)):
        at = np.clip((np.arange(size) + 0.5) * values.shape[axis] / size - 0.5, 0, values.shape[axis] - 1)
        low = np.floor(at).astype(int)
        high, part = (
            np.minimum(low + 1, values.shape[axis] - 1),
            (at - low).reshape([-1 if i == axis else 1 for i in range(3)]),
        )
        values = values.take(low, axis=axis) * (1 - part) + values.take(high, axis=axis) * part
    return values


def _contributions(model: Linear) -> np.ndarray:
    """What each patch adds beyond a photo of its mean colour."""
    pixels = model.pixels(PHOTO)
    return PATCH_WEIGHTS * (model.encode_pixels(pixels)[0, :, 0] - pixels.mean()).numpy()


@pytest.mark.parametrize("kind", ["input", "output", "representation"])
def test_relative_stability_is_the_formula_written_out(kind: str) -> None:
    model, seen = Exact(), []

    def explain(image: ImageInput, text: str) -> Relevance:
        seen.append(image)
        map_ = PATCH_WEIGHTS * model.encode_pixels(model.pixels(image))[0, :, 0].numpy()
        return Relevance(np.ones(3), np.ones((3, *GRID)), map_.reshape(GRID), signed=True)

    own = explain(PHOTO, "").image
    found = take(f"relative_{kind}_stability", subject(model, own.ravel(), explain=explain))
    ratios = []
    for noisy in seen[1:]:
        e, other = (
            own,
            PATCH_WEIGHTS.reshape(GRID) * model.encode_pixels(model.pixels(noisy))[0, :, 0].numpy().reshape(GRID),
        )
        safe = np.where(e == 0, 1e-6, e)
        change = np.sqrt((((e - other) / safe) ** 2).sum())
        x, y = PHOTO.pixels / 255, noisy.pixels / 255
        f, g = (model.encode_pixels(model.pixels(image))[0, :, 0].numpy() for image in (PHOTO, noisy))
        below = {
            "input": np.sqrt((((x - y) / x) ** 2).sum()),
            "output": abs((PATCH_WEIGHTS * (f - g)).sum()),
            "representation": np.sqrt((((f - g) / f) ** 2).sum()),
        }[kind]
        ratios.append(change / max(below, 1e-6))
    assert len(ratios) == 3 and found == pytest.approx(max(ratios), rel=1e-6)
    assert take(f"relative_{kind}_stability", replace(subject(model, own.ravel()), explain=None)) is None
