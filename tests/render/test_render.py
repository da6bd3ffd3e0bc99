"""Overlays and words."""

import io

import numpy as np
from PIL import Image

from vtviz.attribution.base import Relevance
from vtviz.inputs import ImageInput, group_pieces
from vtviz.render.colour import colour_map
from vtviz.render.overlay import overlay, to_png
from vtviz.render.words import aligned_words, word_maps, word_scores

PHOTO = ImageInput(np.full((60, 80, 3), 100, np.uint8), "0" * 64)
TOKENS = group_pieces("a skateboarder", ["a", "skate", "##boarder"], [(0, 1), (2, 7), (7, 14)])


def test_a_map_of_zeros_leaves_the_photo_and_a_peak_takes_the_top_colour() -> None:
    assert (np.asarray(overlay(PHOTO, np.zeros((3, 4)))) == 100).all()
    full = np.asarray(overlay(PHOTO, np.ones((3, 4)), opacity=1.0))
    assert (full == colour_map()[255]).all()


def test_a_large_photo_is_scaled_down_and_the_file_is_a_png() -> None:
    wide = ImageInput(np.zeros((100, 4000, 3), np.uint8), "0" * 64)
    file = Image.open(io.BytesIO(to_png(overlay(wide, np.ones((2, 2)), max_side=800))))
    assert file.format == "PNG" and file.size == (800, 20)


def test_words_join_their_pieces() -> None:
    maps = np.array([[[1.0, 0.0]], [[0.2, 0.6]], [[0.4, 0.2]]])
    relevance = Relevance(np.array([0.5, 1.0, 2.0]), maps, maps.mean(axis=0), signed=False)
    np.testing.assert_allclose(word_maps(TOKENS, relevance), [[[1.0, 0.0]], [[0.75, 1.0]]])
    np.testing.assert_allclose(word_scores(TOKENS, relevance), [0.5, 3.0])


def test_words_that_stand_for_each_other() -> None:
    assert aligned_words(["A", "brown", "cat"], ["a", "brown", "dog"]) == [(0, 0), (1, 1), (2, 2)]
    assert aligned_words(["a", "red", "cat"], ["a", "cat", "sits"]) == [(0, 0), (1, None), (2, 1), (None, 2)]
    assert aligned_words([], ["cat"]) == [(None, 0)]
