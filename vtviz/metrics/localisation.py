"""Whether a map points at what the text names."""

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


def inside(boxes: Sequence[Box], grid: tuple[int, int]) -> np.ndarray:
    """The share of each cell of a grid that lies in a box, ``[h, w]``, from 8 × 8 points per cell."""
    fine = 8
    rows, columns = grid[0] * fine, grid[1] * fine
    y, x = (np.arange(rows) + 0.5)[:, None] / rows, (np.arange(columns) + 0.5)[None] / columns
    hit = np.zeros((rows, columns), dtype=bool)
    for x0, y0, x1, y1 in boxes:
        hit |= (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    return hit.reshape(grid[0], fine, grid[1], fine).mean(axis=(1, 3))


def energy(relevance: np.ndarray, boxes: Sequence[Box]) -> float:
    """The share of the positive relevance that lies in the boxes (Wang et al., "Score-CAM", CVPR Workshops 2020)."""
    positive = relevance.clip(min=0.0)
    total = positive.sum()
    return float((positive * inside(boxes, (relevance.shape[0], relevance.shape[1]))).sum() / total) if total else 0.0


def overlap(relevance: np.ndarray, boxes: Sequence[Box], level: float = 0.5) -> float:
    """Intersection over union of the boxes with the patches that have ``level`` of the largest relevance or more."""
    peak_value = float(relevance.max())
    if peak_value <= 0:
        return 0.0
    shown = relevance >= level * peak_value
    covered = inside(boxes, (relevance.shape[0], relevance.shape[1]))
    both = float(covered[shown].sum())
    return both / float(shown.sum() + covered[~shown].sum())
