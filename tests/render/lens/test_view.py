"""What a view knows of its maps."""

import numpy as np

from vtviz.attribution.base import Relevance
from vtviz.inputs import ImageInput, group_pieces
from vtviz.render.lens.view import LensLayer, LensView, Peaks

PHOTO = ImageInput(np.zeros((8, 8, 3), np.uint8), "0" * 64)


def view(value: float) -> LensView:
    maps = np.full((1, 1, 2), value)
    layer = LensLayer("l", "text→image", {"text_image": np.full((2, 1, 2), abs(value) / 2)})
    tokens = group_pieces("a", ["a"], [(0, 1)])
    return LensView("a", PHOTO, tokens, Relevance(np.full(1, value), maps, maps.mean(axis=0), True), (layer,))


def test_the_peaks_are_the_largest_values_of_maps_and_attention() -> None:
    assert view(-0.75).peaks == Peaks(0.75, 0.375)
