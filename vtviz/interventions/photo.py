"""Photos with parts hidden, or moved elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from vtviz.attribution.masked import Fill, filled
from vtviz.attribution.perturbation import to_pixels
from vtviz.inputs import WHOLE_FRAME, Frame, ImageInput, InputError, framed
from vtviz.interventions.changes import Change, Hide, Move, Only
from vtviz.render.overlay import scaled_photo

SIDE = 1000  # pixels of the longer side of a picture for people
SMALL = 256  # on which what stands in for its patches is computed


def changed_pixels(
    pixels: Tensor,
    changes: Sequence[Change],
    grid: tuple[int, int],
    frame: Frame = WHOLE_FRAME,
    stand_in: Callable[[Tensor, Fill], Tensor] = filled,
) -> Tensor:
    """The photo ``[1, 3, height, width]`` after those changes that are about it, one after the other.

    What stands in for patches is always that of the photo as it was. ``frame`` is the part of the photo that ``pixels``
    and the grid of patches show.

    Raises:
        InputError: if a region holds no patch of the photo, or is moved out of it.
    """
    known: dict[Fill, Tensor] = {}

    def fill(name: Fill) -> Tensor:
        if name not in known:
            known[name] = stand_in(pixels, name)
        return known[name]

    result = pixels
    for change in changes:
        if isinstance(change, Hide | Only):
            hidden = change.mask(grid, frame) ^ isinstance(change, Only)
            result = torch.where(_mask(hidden, pixels), fill(change.fill), result)
        elif isinstance(change, Move):
            inside = change.mask(grid, frame)
            steps = (round(change.rows * pixels.shape[2] / grid[0]), round(change.columns * pixels.shape[3] / grid[1]))
            moved = result.roll(steps, dims=(2, 3))
            if not change.copy:
                result = torch.where(_mask(inside, pixels), fill(change.fill), result)
            result = torch.where(_mask(_shifted(inside, change), pixels), moved, result)
    return result


def changed_patches(changes: Sequence[Change], grid: tuple[int, int], frame: Frame = WHOLE_FRAME) -> np.ndarray:
    """The patches that do not show any more what they did, as booleans ``[rows, columns]``.

    Raises:
        InputError: if a region holds no patch of the photo, or is moved out of it.
    """
    changed = np.zeros(grid, dtype=bool)
    for change in changes:
        if isinstance(change, Hide | Only):
            changed |= change.mask(grid, frame) ^ isinstance(change, Only)
        elif isinstance(change, Move):
            inside = change.mask(grid, frame)
            changed |= _shifted(inside, change) if change.copy else _shifted(inside, change) | inside
    return changed


def changed_picture(image: ImageInput, changes: Sequence[Change], grid: tuple[int, int], frame: Frame) -> ImageInput:
    """What ``frame`` shows of a photo after the changes, for people: as large as a screen needs it."""
    picture = scaled_photo(framed(image, frame), SIDE)
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255
    changed = changed_pixels(pixels, changes, grid, frame, _roughly_filled)
    array = (changed[0].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
    return ImageInput(array, hashlib.sha256(array.tobytes()).hexdigest())


def _roughly_filled(pixels: Tensor, fill: Fill) -> Tensor:
    """As ``filled``, by way of a small picture, where it is quick; grey is that of the screen."""
    if fill == "zero":
        return torch.full_like(pixels, 0.5)
    height, width = (int(side) for side in pixels.shape[2:])
    share = min(1.0, SMALL / max(height, width))
    small = interpolate(pixels, size=(max(2, round(height * share)), max(2, round(width * share))), mode="area")
    return interpolate(filled(small, fill), size=(height, width), mode="bilinear", align_corners=False)


def _mask(patches: np.ndarray, pixels: Tensor) -> Tensor:
    return to_pixels(torch.from_numpy(patches)[None], pixels) > 0


def _shifted(patches: np.ndarray, change: Move) -> np.ndarray:
    """Where the patches of a region come to lie; those that leave the photo are gone."""
    rows, columns = np.nonzero(patches)
    rows, columns = rows + change.rows, columns + change.columns
    kept = (rows >= 0) & (rows < patches.shape[0]) & (columns >= 0) & (columns < patches.shape[1])
    if not kept.any():
        raise InputError("The region would be moved out of the photo; move it less far.")
    shifted = np.zeros_like(patches)
    shifted[rows[kept], columns[kept]] = True
    return shifted
