"""Views beside each other."""

import numpy as np
import pytest

from vtviz.attribution.base import Relevance
from vtviz.inputs import ImageInput, group_pieces
from vtviz.render.lens.view import LensLayer, LensView, Peaks, common_peaks, difference

PHOTO = ImageInput(np.zeros((8, 8, 3), np.uint8), "0" * 64)


def view(name: str, value: float, words: int = 1, heads: int = 2) -> LensView:
    text = " ".join("ab"[i] for i in range(words))
    tokens = group_pieces(text, ["x"] * words, [(2 * i, 2 * i + 1) for i in range(words)])
    maps = np.full((words, 1, 2), value)
    layer = LensLayer("l", "text→image", {"text_image": np.full((heads, words, 2), value / 2)})
    return LensView(name, PHOTO, tokens, Relevance(np.full(words, value), maps, maps.mean(axis=0), False), (layer,))


def test_a_common_scale_holds_the_largest_value_of_both() -> None:
    assert common_peaks(view("a", 0.25), view("b", 0.75)) == Peaks(0.75, 0.375)


def test_a_difference_is_signed_in_maps_scores_and_layers() -> None:
    less = difference(view("a", 0.25), view("b", 0.75))
    assert less.relevance.signed and less.name != "a"
    np.testing.assert_allclose(less.relevance.maps, -0.5)
    np.testing.assert_allclose(less.relevance.tokens, -0.5)
    np.testing.assert_allclose(less.layers[0].blocks["text_image"], -0.25)
    assert less.peaks == Peaks(0.5, 0.25)


def test_unlike_layers_are_left_out_and_unlike_texts_have_no_difference() -> None:
    assert difference(view("a", 1), view("b", 1, heads=3)).layers == ()
    with pytest.raises(ValueError, match="pieces"):
        difference(view("a", 1), view("b", 1, words=2))
