"""Whether a map points at the thing named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

Box = Sequence[float]  # x0, y0, x1, y1 as fractions of width and height


def peak(relevance: np.ndarray, width: int, height: int) -> tuple[float, float]:
    """Where a map ``[h, w]``, upsampled bicubically to the photo's pixels, is highest; x and y as fractions."""
    source = torch.from_numpy(np.ascontiguousarray(relevance, dtype=np.float32))[None, None]
    fine = F.interpolate(source, size=(height, width), mode="bicubic", align_corners=False)[0, 0]
    row, column = divmod(int(fine.argmax()), width)
    return (column + 0.5) / width, (row + 0.5) / height


def in_boxes(point: tuple[float, float], boxes: Sequence[Box]) -> bool:
    """Pointing game (Zhang et al., "Top-down Neural Attention by Excitation Backprop", ECCV 2016): is it a hit?"""
    x, y = point
    return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in boxes)
