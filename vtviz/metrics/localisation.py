"""Whether a map points at what the text names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from vtviz.inputs import WHOLE_FRAME, Frame
from vtviz.metrics.agreement import is_flat

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 as fractions of width and height


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


def points_into(
    relevance: np.ndarray, boxes: Sequence[Box], width: int, height: int, frame: Frame = WHOLE_FRAME
) -> bool:
    """Whether the peak of a map ``[h, w]`` lies in a box. A map that is the same everywhere has no peak, and is a miss
    wherever the boxes lie."""
    return not is_flat(relevance) and in_boxes(peak(relevance, width, height, frame), boxes)


def inside(boxes: Sequence[Box], grid: tuple[int, int]) -> np.ndarray:
    """The share of each cell of a grid that lies in a box, ``[h, w]``; where boxes overlap it counts once.

    The edges of cells and boxes cut the photo into rectangles, each of which lies in a box as a whole or not at all.
    """
    corners = np.array([tuple(box) for box in boxes], dtype=np.float64).reshape(-1, 4).clip(0.0, 1.0)
    x, columns = _cut(corners[:, [0, 2]], grid[1])
    y, rows = _cut(corners[:, [1, 3]], grid[0])
    middle_x, middle_y = (x[1:] + x[:-1]) / 2, (y[1:] + y[:-1]) / 2
    hit = np.zeros((len(middle_y), len(middle_x)), dtype=bool)
    for x0, y0, x1, y1 in corners:
        hit |= ((middle_y > y0) & (middle_y < y1))[:, None] & ((middle_x > x0) & (middle_x < x1))[None]
    areas = np.zeros(grid)
    np.add.at(areas, (rows[:, None], columns[None]), hit * np.diff(y)[:, None] * np.diff(x)[None])
    return areas * (grid[0] * grid[1])


def _cut(edges: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """The sorted edges of cells and boxes on one axis, and the cell that each piece between two of them lies in."""
    cut = np.unique(np.concatenate([np.arange(cells + 1) / cells, edges.ravel()]))
    middle = (cut[1:] + cut[:-1]) / 2
    return cut, np.minimum((middle * cells).astype(int), cells - 1)


def energy(relevance: np.ndarray, boxes: Sequence[Box]) -> float:
    """The share of the positive relevance that lies in the boxes (Wang et al., "Score-CAM", CVPR Workshops 2020)."""
    positive = relevance.clip(min=0.0)
    total = positive.sum()
    return float((positive * inside(boxes, (relevance.shape[0], relevance.shape[1]))).sum() / total) if total else 0.0


def area_under_curve(relevance: np.ndarray, covered: np.ndarray) -> float | None:
    """The chance that a map ``[h, w]`` ranks a point inside above one outside, ties counting half (the area under the
    ROC curve); ``covered [h, w]`` is the share of each cell that lies inside. None where all lies on one side."""
    order = np.argsort(relevance, axis=None)
    values, inner = relevance.ravel()[order], covered.ravel()[order]
    _, first = np.unique(values, return_index=True)
    inner, outer = np.add.reduceat(inner, first), np.add.reduceat(1.0 - covered.ravel()[order], first)
    total = inner.sum() * outer.sum()
    return float((inner * (np.cumsum(outer) - outer / 2)).sum() / total) if total > 0 else None


def relevance_rank_accuracy(relevance: np.ndarray, covered: np.ndarray) -> float | None:
    """Of as many of the highest cells of a map ``[h, w]`` as lie inside, the share that does lie inside; ``covered [h,
    w]`` is the share of each cell that does. None where nothing lies inside.

    Arras et al., "CLEVR-XAI", Information Fusion 2022. Of equal cells the first in reading order counts as higher.
    """
    if not covered.sum() > 0:
        return None
    count = max(1, round(float(covered.sum())))
    top = np.argsort(-relevance.ravel(), kind="stable")[:count]
    return float(covered.ravel()[top].mean())


def overlaps(relevance: np.ndarray, covered: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Intersection over union of what lies inside with the cells that have each of the ``levels`` of the largest
    relevance or more, ``[levels]``; ``covered [h, w]`` is the share of each cell that lies inside."""
    largest = float(relevance.max())
    if largest <= 0:
        return np.zeros(len(levels))
    shown = relevance[None] >= np.asarray(levels)[:, None, None] * largest
    both = (shown * covered).sum(axis=(1, 2))
    return both / (shown.sum(axis=(1, 2)) + covered.sum() - both)


def overlap(relevance: np.ndarray, boxes: Sequence[Box], level: float = 0.5) -> float:
    """Intersection over union of the boxes with the patches that have ``level`` of the largest relevance or more."""
    peak_value = float(relevance.max())
    if peak_value <= 0:
        return 0.0
    shown = relevance >= level * peak_value
    covered = inside(boxes, (relevance.shape[0], relevance.shape[1]))
    both = float(covered[shown].sum())
    return both / float(shown.sum() + covered[~shown].sum())
