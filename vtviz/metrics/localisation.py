"""Whether a map points at the thing named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from vtviz.inputs import WHOLE_FRAME, Frame

Box = Sequence[float]  # x0, y0, x1, y1 as fractions of width and height


def peak(relevance: np.ndarray, width: int, height: int, frame: Frame = WHOLE_FRAME) -> tuple[float, float]:
    """Where a map ``[h, w]`` on a frame of a photo, upsampled bicubically to the photo's pixels, is highest; x and y as
    fractions of the photo."""
    left, top, right, bottom = frame
    width, height = max(1, round(width * (right - left))), max(1, round(height * (bottom - top)))
    source = torch.from_numpy(np.ascontiguousarray(relevance, dtype=np.float32))[None, None]
    fine = F.interpolate(source, size=(height, width), mode="bicubic", align_corners=False)[0, 0]
    row, column = divmod(int(fine.argmax()), width)
    x, y = (column + 0.5) / width, (row + 0.5) / height
    return left + x * (right - left), top + y * (bottom - top)


def in_boxes(point: tuple[float, float], boxes: Sequence[Box]) -> bool:
    """Pointing game (Zhang et al., "Top-down Neural Attention by Excitation Backprop", ECCV 2016): is it a hit?"""
    x, y = point
    return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in boxes)
