"""The grids of Qwen2.5-VL and Qwen3-VL, whose input has any number of rows and columns."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import torch
from torch import Tensor

from vtviz.models.hugging_face.decoder.layout import Layout, Source

SIDE = 16  # patches a side of the square input for any photo
SLIMMEST = 200  # times longer than wide, beyond which the processor takes no photo


@dataclass(frozen=True)
class GridLayout(Layout):
    """A photo as ``rows`` × ``columns`` tokens, each merged from ``merge`` × ``merge`` squares of the network's own,
    ``frames`` times in time; ``pixels`` and ``side`` are those of a single token."""

    rows: int = 1
    columns: int = 1
    merge: int = 2
    frames: int = 2

    @property
    def size(self) -> tuple[int, int]:
        return self.rows * self.pixels, self.columns * self.pixels

    @property
    def grid(self) -> tuple[int, int]:
        return self.rows, self.columns

    def pictures(self, pixels: Tensor) -> Tensor:
        """The squares ``[batch, n, 3 * frames * side * side]`` of inputs, those of a token side by side."""
        small = self.pixels // self.merge
        parts = pixels.unflatten(3, (self.columns, self.merge, small)).unflatten(2, (self.rows, self.merge, small))
        squares = parts.permute(0, 2, 5, 3, 6, 1, 4, 7)  # [batch, rows, columns, merge, merge, 3, small, small]
        return squares.unsqueeze(6).expand(*[-1] * 6, self.frames, -1, -1).flatten(5).flatten(1, 4)

    def order(self) -> Tensor:
        return torch.arange(self.rows * self.columns)

    def positions(self, mask: Tensor, start: int) -> Tensor:
        """Positions ``[3, n, T]`` in time, down and across; text after the photo goes on behind its longer side."""
        order = (mask.cumsum(dim=1) - 1).clamp_min(0)
        count = self.rows * self.columns
        later = torch.arange(mask.shape[1], device=mask.device) >= start + count
        order = torch.where(later, order - count + max(self.rows, self.columns), order)
        positions = order.expand(3, *order.shape).clone()
        index = torch.arange(count, device=mask.device)
        places = torch.stack([torch.zeros_like(index), index // self.columns, index % self.columns])
        positions[:, :, start : start + count] = start + places[:, None]
        return positions


def qwen(source: Source) -> GridLayout:
    """Qwen2.5-VL and Qwen3-VL (arXiv 2502.13923, 2511.21631): one grid."""
    vision, token = source.config.vision_config, source.token
    merge, pixels = int(vision.spatial_merge_size), int(vision.patch_size) * int(vision.spatial_merge_size)
    rows, columns = source.grid or _grid(source, pixels)
    frames = int(vision.temporal_patch_size)
    written = token * (rows * columns)
    return GridLayout(token, written, pixels, 1, rows=rows, columns=columns, merge=merge, frames=frames)


def _grid(source: Source, pixels: int) -> tuple[int, int]:
    """Rows and columns of patches of ``pixels`` pixels a side.

    A photo keeps its size, as far as whole patches and the least and most pixels of the settings allow. Without a
    photo, the input is a square within these bounds.
    """
    from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

    size = source.settings.get("size") or {}
    most = int(size.get("longest_edge") or source.settings.get("max_pixels") or 0)
    most = min(most or source.most * pixels**2, source.most * pixels**2)
    if source.photo is None:
        side = max(1, min(SIDE, isqrt(most) // pixels))
        return side, side
    least = int(size.get("shortest_edge") or source.settings.get("min_pixels") or 0)
    height, width = source.photo
    height, width = (min(height, SLIMMEST * width), min(width, SLIMMEST * height))
    height, width = smart_resize(height, width, pixels, min(least, most), most)
    return max(1, height // pixels), max(1, width // pixels)
