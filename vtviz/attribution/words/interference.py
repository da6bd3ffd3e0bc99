"""Maps of generated words without what earlier words explain, as in token activation maps (Li et al., "Token Activation
Map to Visually Explain Multimodal LLMs", ICCV 2025), over rows of attention."""

from __future__ import annotations

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from scipy.optimize import nnls
from torch import Tensor

from vtviz.inputs import Tokens

SIDE = 3  # of the filter's window, in patches


def without_interference(rows: Tensor, tokens: Tokens, grid: tuple[int, int]) -> Tensor:
    """Rows ``[T, patches]`` of the pieces of a text, each without the mixture of earlier ones that comes closest to it,
    filtered.

    The mixture is the least-squares one with weights that are not negative, over all earlier pieces but those that
    are written alike, and what is left below zero counts as nothing. The authors fit a single factor to a mixture by
    textual relevance, which attention does not tell.
    """
    maps, names = rows.detach().double().cpu().numpy(), [piece.casefold() for piece in tokens.pieces]
    left = np.zeros_like(maps)
    for index, row in enumerate(maps):
        earlier = [other for other in range(index) if names[other] != names[index] and maps[other].any()]
        mixture = maps[earlier].T @ nnls(maps[earlier].T, row)[0] if earlier else 0.0
        left[index] = rank_gaussian(np.maximum(row - mixture, 0.0).reshape(grid)).ravel()
    return torch.from_numpy(left).to(rows)


def rank_gaussian(image: np.ndarray) -> np.ndarray:
    """The rank-Gaussian filter of ``image [h, w]``: in each window the values in order of size, under a Gaussian around
    their median whose width is their coefficient of variation."""
    windows = sliding_window_view(np.pad(image, SIDE // 2, mode="symmetric"), (SIDE, SIDE))
    ordered = np.sort(windows.reshape(*image.shape, SIDE**2), axis=-1)
    mean = ordered.mean(axis=-1, keepdims=True)
    width = ordered.std(axis=-1, keepdims=True) / np.where(mean > 0, mean, 1.0)
    rank = np.arange(SIDE**2) - SIDE**2 // 2
    weights = np.exp(-0.5 * (rank / np.maximum(width, 1e-3)) ** 2)
    filtered: np.ndarray = (ordered * weights).sum(axis=-1) / weights.sum(axis=-1)
    return filtered
