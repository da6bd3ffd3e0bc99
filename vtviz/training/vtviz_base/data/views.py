"""Augmented views of a photo, and composed scenes that teach where a named thing is.

A composed scene pastes photos of single named things side by side or onto another photo, so the box of
every name is known exactly (as in Ghiasi et al., "Simple Copy-Paste", CVPR 2021).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageEnhance

from vtviz.metrics.localisation import Box


@dataclass(frozen=True)
class View:
    """The part of a photo that a view shows: ``crop`` in fractions of the frame, and whether it is mirrored."""

    crop: Box = (0.0, 0.0, 1.0, 1.0)
    flipped: bool = False

    def box(self, box: Box, keep: float = 0.3) -> Box | None:
        """The box in the view's own fractions, or None where less than ``keep`` of its area is left."""
        x0, y0, x1, y1 = self.crop
        width, height = x1 - x0, y1 - y0
        left, right = (min(max((x - x0) / width, 0.0), 1.0) for x in (box[0], box[2]))
        top, bottom = (min(max((y - y0) / height, 0.0), 1.0) for y in (box[1], box[3]))
        area = (box[2] - box[0]) * (box[3] - box[1])
        if (right - left) * (bottom - top) * width * height < keep * area or right <= left or bottom <= top:
            return None
        if self.flipped:
            left, right = 1.0 - right, 1.0 - left
        return (left, top, right, bottom)


def random_view(rng: random.Random, may_flip: bool) -> View:
    """A crop of 50-100 % of the area, mirrored half of the time where the words allow it."""
    area, aspect = rng.uniform(0.5, 1.0), rng.uniform(0.8, 1.25)
    width, height = min((area * aspect) ** 0.5, 1.0), min((area / aspect) ** 0.5, 1.0)
    x0, y0 = rng.uniform(0.0, 1.0 - width), rng.uniform(0.0, 1.0 - height)
    return View((x0, y0, x0 + width, y0 + height), may_flip and rng.random() < 0.5)


def apply_view(image: Image.Image, view: View) -> Image.Image:
    """The part of the image that the view shows."""
    x0, y0, x1, y1 = view.crop
    width, height = image.size
    part = image.crop((round(x0 * width), round(y0 * height), round(x1 * width), round(y1 * height)))
    return part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if view.flipped else part


def jitter(image: Image.Image, rng: random.Random, strength: float = 0.3) -> Image.Image:
    """The image with brightness, contrast and saturation changed by up to ``strength``; the hue stays, because
    captions name colours."""
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhance(image).enhance(rng.uniform(1.0 - strength, 1.0 + strength))
    return image


def mosaic(parts: list[Image.Image], rng: random.Random, size: int) -> tuple[Image.Image, list[Box]]:
    """Photos side by side in as many rows as columns, cut at random places, and the box of each."""
    count = math.isqrt(len(parts))
    columns, rows = _cuts(count, rng, size), _cuts(count, rng, size)
    corners = [(columns[x], rows[y], columns[x + 1], rows[y + 1]) for y in range(count) for x in range(count)]
    return _place(Image.new("RGB", (size, size)), parts, corners)


def _cuts(count: int, rng: random.Random, size: int) -> list[int]:
    inner = [round((index + rng.uniform(-0.2, 0.2)) / count * size) for index in range(1, count)]
    return [0, *inner, size]


def paste(
    background: Image.Image, parts: list[Image.Image], rng: random.Random, size: int
) -> tuple[Image.Image, list[Box]]:
    """Photos pasted small onto a background without overlap, and the box of each."""
    corners: list[tuple[int, int, int, int]] = []
    while len(corners) < len(parts):
        side = round(0.12 * (0.5 / 0.12) ** rng.random() * size)  # small ones as often as large ones
        left, top = rng.randint(0, size - side), rng.randint(0, size - side)
        box = (left, top, left + side, top + side)
        if not any(_overlap(box, other) for other in corners):
            corners.append(box)
    return _place(background.resize((size, size), Image.Resampling.BICUBIC), parts, corners)


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _place(
    canvas: Image.Image, parts: list[Image.Image], corners: list[tuple[int, int, int, int]]
) -> tuple[Image.Image, list[Box]]:
    size = canvas.width
    for part, (x0, y0, x1, y1) in zip(parts, corners, strict=True):
        canvas.paste(part.resize((x1 - x0, y1 - y0), Image.Resampling.BICUBIC), (x0, y0))
    return canvas, [(x0 / size, y0 / size, x1 / size, y1 / size) for x0, y0, x1, y1 in corners]
