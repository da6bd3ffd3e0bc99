"""A heatmap over its photo."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from vtviz.inputs import ImageInput
from vtviz.render.colour import colour_map

MAX_SIDE = 1600


def scaled_photo(image: ImageInput, max_side: int) -> Image.Image:
    """The photo, scaled down where its longer side has more than ``max_side`` pixels."""
    photo = image.to_pil()
    photo.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    return photo


def overlay(image: ImageInput, relevance: np.ndarray, opacity: float = 0.75, max_side: int = MAX_SIDE) -> Image.Image:
    """The photo under a map ``[h, w]`` in 0..1; the map is more opaque where it is higher, up to ``opacity``.

    Colour and opacity follow the square root of the map, so that the surroundings of a sharp peak can be seen.
    """
    photo = scaled_photo(image, max_side)
    source = Image.fromarray(np.ascontiguousarray(relevance, dtype=np.float32))
    fine = np.asarray(source.resize(photo.size, Image.Resampling.BICUBIC)).clip(0.0, 1.0) ** 0.5
    colours = colour_map()[(fine * 255).round().astype(np.uint8)].astype(np.float32)
    share = (opacity * fine)[..., None]
    mixed = np.asarray(photo, dtype=np.float32) * (1.0 - share) + colours * share
    return Image.fromarray(mixed.round().astype(np.uint8))


def to_png(image: Image.Image) -> bytes:
    """The image as a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def to_jpeg(image: Image.Image, quality: int = 88) -> bytes:
    """The image as a JPEG file."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
