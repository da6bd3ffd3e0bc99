"""What a view knows of its maps."""

import numpy as np

from vtviz.attribution.base import Relevance
from vtviz.inputs import ImageInput, group_pieces
from vtviz.render.lens.view import LensLayer, LensView, largest

PHOTO = ImageInput(np.zeros((8, 8, 3), np.uint8), "0" * 64)


def view(value: float) -> LensView:
    maps = np.full((1, 1, 2), value)
    layer = LensLayer("l", "text→image", {"text_image": np.full((2, 1, 2), abs(value) / 2)})
    tokens = group_pieces("a", ["a"], [(0, 1)])
    return LensView("a", PHOTO, tokens, Relevance(np.full(1, value), maps, maps.mean(axis=0), True), (layer,))


def test_the_peak_is_the_largest_attention_of_a_word_and_sizes_count_without_their_sign() -> None:
    assert view(-0.75).peak == 0.375 and largest([view(-0.75).relevance.maps]) == 0.75
    assert largest([np.zeros(3)]) == 1.0 and largest([]) == 1.0
