"""From a photo to the pixels that a model sees, and the frame of the photo that its patches lie on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from vtviz.inputs import Frame, ImageInput, framed
from vtviz.models.open_clip.names import Fit

RESAMPLING = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
    "random": Image.Resampling.BICUBIC,
}


@dataclass(frozen=True)
class Preprocessing:
    """How a photo becomes pixels.

    ``size`` is the input's height and width, of which the patches cover ``covered`` from the upper left (all, where the
    size is a multiple of the patch); colours become (value / 255 − ``mean``) / ``std``.
    """

    size: tuple[int, int]
    covered: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str
    fit: Fit

    def pixels(self, image: ImageInput) -> Tensor:
        """What the model sees, ``[1, 3, height, width]``."""
        height, width = self.size
        seen = framed(image, self._view(image), tuple(round(255 * channel) for channel in self.mean)).to_pil()
        small = seen.resize((width, height), RESAMPLING.get(self.interpolation, Image.Resampling.BICUBIC))
        values = torch.from_numpy(np.array(small, dtype=np.float32)).permute(2, 0, 1) / 255
        mean, std = torch.tensor(self.mean)[:, None, None], torch.tensor(self.std)[:, None, None]
        return ((values - mean) / std)[None]

    def frame(self, image: ImageInput) -> Frame:
        """The part of the photo that the patches cover; beyond the photo where it was letterboxed."""
        left, top, right, bottom = self._view(image)
        down, across = self.covered[0] / self.size[0], self.covered[1] / self.size[1]
        return (left, top, left + (right - left) * across, top + (bottom - top) * down)

    def _view(self, image: ImageInput) -> Frame:
        if self.fit == "squash":
            return (0.0, 0.0, 1.0, 1.0)
        photo, wanted = image.width / image.height, self.size[1] / self.size[0]
        grown = photo / wanted  # above 1 the photo is wider than the input
        if self.fit == "crop":
            across, down = min(1.0, 1 / grown), min(1.0, grown)
        else:
            across, down = max(1.0, 1 / grown), max(1.0, grown)
        return (0.5 - across / 2, 0.5 - down / 2, 0.5 + across / 2, 0.5 + down / 2)


def to_patches(pixels: Tensor, grid: tuple[int, int], patch: tuple[int, int]) -> Tensor:
    """The pixels of each patch, ``[batch, patches, 3 * height * width]``, of ``pixels [batch, 3, H, W]``.

    Args:
        pixels: of photos; what lies beyond the last patch is dropped.
        grid: rows and columns of patches.
        patch: height and width of one.
    """
    (rows, columns), (height, width) = grid, patch
    cut = pixels[..., : rows * height, : columns * width]
    parts = cut.unflatten(3, (columns, width)).unflatten(2, (rows, height))  # [batch, 3, rows, height, columns, width]
    return parts.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)


def from_patches(patches: Tensor, grid: tuple[int, int], patch: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """The inverse of ``to_patches``: pixels of ``size``, black where no patch lies."""
    parts = patches.unflatten(1, grid).unflatten(3, (3, *patch)).permute(0, 3, 1, 4, 2, 5)
    pixels = parts.flatten(4).flatten(2, 3)
    right, below = size[1] - pixels.shape[3], size[0] - pixels.shape[2]
    return F.pad(pixels, (0, right, 0, below)) if right or below else pixels
