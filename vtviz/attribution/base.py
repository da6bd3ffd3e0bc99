"""What every attribution method gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor


@dataclass(frozen=True)
class Relevance:
    """Relevance of the inputs for one answer.

    ``tokens [T]`` for each piece of the text, ``maps [T, h, w]`` the patch map of each piece, ``image [h, w]`` that of
    the whole text. Maps are 0..1 where ``signed`` is False, else -1..1.
    """

    tokens: np.ndarray
    maps: np.ndarray
    image: np.ndarray
    signed: bool


def from_rows(rows: Tensor, tokens: Tensor, grid: tuple[int, int]) -> Relevance:
    """Unsigned relevance from ``rows [T, patches]`` and token scores ``[T]``; each map is scaled to a maximum of 1."""
    maps = rows.detach().float().reshape(-1, *grid).numpy()
    return Relevance(tokens.detach().float().numpy(), _scaled(maps), _scaled(maps.mean(axis=0)), signed=False)


def _scaled(maps: np.ndarray) -> np.ndarray:
    peak = maps.max(axis=(-2, -1), keepdims=True)
    return maps / np.where(peak > 0, peak, 1.0)
