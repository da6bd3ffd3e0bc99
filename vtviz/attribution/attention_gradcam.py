"""Attention Grad-CAM: cross-attention weighted by the answer's gradient.

Li et al., "Align before Fuse" (ALBEF), NeurIPS 2021; Selvaraju et al., "Grad-CAM", ICCV 2017.
"""

from __future__ import annotations

import torch
from torch import Tensor

from vtviz.attribution.base import Relevance, from_rows


def attention_gradcam(
    answer: Tensor, attention: Tensor, grid: tuple[int, int], text_offset: int, pieces: int, head: int | None
) -> Relevance:
    """mean over heads of A ⊙ (∂answer/∂A)⁺, for all pieces from one backward pass.

    Args:
        answer: scalar on the graph that ``attention`` lies on.
        attention: text→image weights of one layer, ``[1, heads, text, patches]``, recorded with gradients.
        grid: rows and columns of patches.
        text_offset: position of the first piece in the text axis.
        pieces: number of pieces.
        head: one head, or None for the mean of all.

    A token's score is the sum of its row before the maps are scaled. No parameter's gradient is touched.
    """
    (gradient,) = torch.autograd.grad(answer, attention)
    weighted = (attention.detach() * gradient.clamp_min(0.0))[0]
    rows = (weighted.mean(dim=0) if head is None else weighted[head])[text_offset : text_offset + pieces]
    return from_rows(rows, rows.sum(dim=-1), grid)
