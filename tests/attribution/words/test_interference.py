"""Maps of words without those of earlier ones."""

from __future__ import annotations

import numpy as np
import torch

from vtviz.attribution.attribute import attribute
from vtviz.attribution.options import Options
from vtviz.attribution.words.interference import rank_gaussian, without_interference
from vtviz.inputs import ImageInput, group_pieces
from vtviz.models.base import Target
from vtviz.models.vtviz_base.model import VtvizBase

GRID = (6, 6)


def _square(row: int, column: int) -> np.ndarray:
    image = np.zeros(GRID)
    image[row : row + 3, column : column + 3] = 1.0
    return image


def test_a_word_keeps_its_own_region_and_loses_that_of_earlier_words() -> None:
    tokens = group_pieces("a dog a cat", ["a", "dog", "a", "cat"], [(0, 1), (2, 5), (6, 7), (8, 11)])
    sink, dog, cat = _square(0, 3), _square(3, 0), _square(3, 3)
    maps = [sink, sink + dog, sink, 2 * sink + 0.5 * dog + cat]
    rows = torch.tensor(np.stack([image.ravel() for image in maps]))
    found = without_interference(rows, tokens, GRID).numpy().reshape(4, *GRID)
    np.testing.assert_allclose(found[0], rank_gaussian(sink))
    np.testing.assert_allclose(found[1], rank_gaussian(dog), atol=1e-8)
    np.testing.assert_allclose(found[2], rank_gaussian(sink / 2), atol=1e-8)  # half of "dog" fits it best; not the "a"
    np.testing.assert_allclose(found[3], rank_gaussian(cat), atol=1e-8)


def test_the_filter_is_the_weighted_mean_of_the_ordered_window() -> None:
    image = np.random.default_rng(0).random((4, 5))
    padded, expected = np.pad(image, 1, mode="symmetric"), np.zeros_like(image)
    for row in range(4):
        for column in range(5):
            window = sorted(padded[row : row + 3, column : column + 3].ravel())
            width = np.std(window) / np.mean(window)
            weights = [np.exp(-((i - 4) ** 2) / (2 * width**2)) for i in range(9)]
            expected[row, column] = np.dot(window, weights) / sum(weights)
    np.testing.assert_allclose(rank_gaussian(image), expected)
    speck = np.zeros(GRID)
    speck[2, 2] = 1.0
    assert rank_gaussian(speck).max() < 0.2 and rank_gaussian(_square(1, 1)).max() == 1.0
    assert not rank_gaussian(np.zeros((1, 3))).any()


def test_the_option_changes_the_maps_of_later_words_alone(tiny: VtvizBase, photo: ImageInput) -> None:
    for method in ("raw_attention", "attention_gradcam"):
        plain, without = (
            attribute(tiny, photo, "a skateboarder runs", Target("caption", 2), method, options)
            for options in (Options(), Options(subtract=1))
        )
        np.testing.assert_array_equal(plain.tokens, without.tokens)
        assert not np.allclose(plain.maps[2], without.maps[2]) and (without.maps >= 0).all()
