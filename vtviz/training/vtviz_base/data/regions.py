"""Regions of a photo: boxes as patches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vtviz.metrics.localisation import Box


def coverage(boxes: Sequence[Box], side: int) -> np.ndarray:
    """How much of each patch lies inside the boxes, ``[side * side]`` in 0..1."""
    edges = np.arange(side + 1) / side
    total = np.zeros((side, side))
    for x0, y0, x1, y1 in boxes:
        across = (np.minimum(edges[1:], x1) - np.maximum(edges[:-1], x0)).clip(0) * side
        down = (np.minimum(edges[1:], y1) - np.maximum(edges[:-1], y0)).clip(0) * side
        total = np.maximum(total, np.outer(down, across))
    return total.reshape(-1)
