"""Views and composed scenes: the boxes follow the pixels."""

import random

import numpy as np
from PIL import Image

from vtviz.training.vtviz_base.data.regions import coverage
from vtviz.training.vtviz_base.data.views import View, apply_view, mosaic, paste


def bright(box: tuple[int, int, int, int]) -> Image.Image:
    image = Image.new("RGB", (100, 100))
    image.paste((255, 255, 255), box)
    return image


def test_a_box_follows_its_pixels_through_crop_and_mirror() -> None:
    view = View((0.2, 0.0, 1.0, 0.5), flipped=True)
    box = view.box((0.3, 0.1, 0.5, 0.2))
    assert box is not None
    shown = np.asarray(apply_view(bright((30, 10, 50, 20)), view).convert("L"))
    rows, columns = np.nonzero(shown)
    found = (columns.min() / 80, rows.min() / 50, (columns.max() + 1) / 80, (rows.max() + 1) / 50)
    np.testing.assert_allclose(box, found, atol=1e-9)


def test_a_box_mostly_outside_the_view_is_dropped() -> None:
    assert View((0.5, 0.0, 1.0, 1.0)).box((0.0, 0.0, 0.6, 1.0)) is None


def test_scenes_say_where_each_part_is() -> None:
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 0)]
    parts = [Image.new("RGB", (40, 40), colour) for colour in colours]
    for scene, boxes in (
        mosaic(parts, random.Random(0), 320),
        paste(Image.new("RGB", (50, 50)), parts[:2], random.Random(0), 320),
    ):
        assert len(boxes) in (2, 4)
        pixels = np.asarray(scene)
        for colour, (x0, y0, x1, y1) in zip(colours, boxes, strict=False):
            rows, columns = np.nonzero((pixels == colour).all(axis=2))
            found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            assert found == tuple(round(edge * 320) for edge in (x0, y0, x1, y1))


def test_coverage_by_hand() -> None:
    np.testing.assert_allclose(coverage([(0.0, 0.0, 0.75, 0.5)], 2), [1.0, 0.5, 0.0, 0.0])


def test_mosaics_of_many_photos_fill_the_frame_and_pasted_ones_lie_apart() -> None:
    parts = [Image.new("RGB", (20, 20), (red, 0, 0)) for red in range(1, 17)]
    for count in (9, 16):
        _, boxes = mosaic(parts[:count], random.Random(1), 320)
        np.testing.assert_allclose(sum(coverage([box], 20) for box in boxes), np.ones(400), atol=0.5)
        assert abs(sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes) - 1.0) < 1e-9
    for seed in range(20):
        _, boxes = paste(Image.new("RGB", (50, 50)), parts[:3], random.Random(seed), 320)
        assert all(0.1 < x1 - x0 < 0.52 for x0, _, x1, _ in boxes)
        assert sum(coverage([box], 20) for box in boxes).max() <= 1.0 + 1e-9
