"""A bright square in the photo lights the patch that lies on it, whatever the fit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from vtviz.inputs import ImageInput, framed
from vtviz.metrics.localisation import peak
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder
from vtviz.render.overlay import overlay

SIZES = [(240, 120), (90, 270), (128, 128), (101, 77)]


def square(width: int, height: int) -> tuple[ImageInput, tuple[float, float]]:
    """A black photo with a white square, and the square's centre as fractions; it lies in every centre crop."""
    side = min(width, height) // 8
    x, y = width // 2 + min(width, height) // 5, height // 2 - min(width, height) // 4
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[y : y + side, x : x + side] = 255
    return ImageInput(pixels, "0" * 64), ((x + side / 2) / width, (y + side / 2) / height)


@pytest.mark.parametrize("fit", ["squash", "letterbox", "crop"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["tiny-clip", "tiny-own"])  # the patches of tiny-own leave a margin of the input
def test_the_map_of_the_models_own_pixels_lies_on_the_square(
    name: str, size: tuple[int, int], fit: str, loaded: Callable[[str, str], OpenClipDualEncoder]
) -> None:
    model = loaded(name, f"?fit={fit}")
    image, (x, y) = square(*size)
    brightness = model.encode_image(image).amax(dim=-1).reshape(model.grid).numpy()
    frame = model.frame(image)
    found = peak(brightness - brightness.min(), *size, frame)
    cell = ((frame[2] - frame[0]) / model.grid[1], (frame[3] - frame[1]) / model.grid[0])
    assert abs(found[0] - x) < cell[0] and abs(found[1] - y) < cell[1]
    seen = framed(image, frame)
    row, column = np.unravel_index(brightness.argmax(), model.grid)
    one = np.zeros(model.grid, np.float32)
    one[row, column] = 1.0
    drawn = np.asarray(overlay(seen, one, max_side=400)).astype(int)
    plain = np.asarray(overlay(seen, one * 0, max_side=400)).astype(int)
    white = plain.min(axis=-1) > 200
    assert (np.abs(drawn - plain).sum(axis=-1)[white] > 30).mean() > 0.5


def test_frames_by_hand(loaded: Callable[[str, str], OpenClipDualEncoder]) -> None:
    wide = ImageInput(np.zeros((100, 200, 3), np.uint8), "0" * 64)
    assert loaded("tiny-clip", "").frame(wide) == (0, 0, 1, 1)
    assert loaded("tiny-clip", "?fit=crop").frame(wide) == (0.25, 0, 0.75, 1)
    assert loaded("tiny-clip", "?fit=letterbox").frame(wide) == (0, -0.5, 1, 1.5)
    left, top, right, bottom = loaded("tiny-own", "").frame(wide)
    assert (left, top) == (0, 0) and right == bottom == pytest.approx(32 / 36)
    padded = framed(wide, (0, -0.5, 1, 1.5), (9, 8, 7))
    assert padded.pixels.shape == (200, 200, 3) and tuple(padded.pixels[0, 0]) == (9, 8, 7)
    assert tuple(padded.pixels[100, 0]) == (0, 0, 0)


def test_pixels_come_back_from_patches(loaded: Callable[[str, str], OpenClipDualEncoder]) -> None:
    model = loaded("tiny-own", "")
    image, _ = square(60, 40)
    pixels = model.pixels(image)
    assert pixels.shape == (1, 3, 36, 36)
    back = model._pixels(model.encode_pixels(pixels))
    torch.testing.assert_close(back[..., :32, :32], pixels[..., :32, :32], atol=0, rtol=0)
    features = model.encode_pixels(pixels.clone().requires_grad_())
    assert features.shape == (1, 16, 192) and features.requires_grad


def test_colours_are_normalised_as_asked(loaded: Callable[[str, str], OpenClipDualEncoder]) -> None:
    white = ImageInput(np.full((32, 32, 3), 255, np.uint8), "0" * 64)
    assert float(loaded("tiny-clip", "?norm=half").pixels(white).max()) == pytest.approx(1.0)
    expected = (1 - 0.48145466) / 0.26862954
    assert float(loaded("tiny-clip", "").pixels(white)[0, 0, 0, 0]) == pytest.approx(expected, abs=1e-5)
