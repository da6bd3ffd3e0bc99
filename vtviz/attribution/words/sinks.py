"""Rows of attention without sink patches, as in Kang et al., "See What You Are Told: Visual Attention Sink in Large
Multimodal Models", ICLR 2025."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

SHARE = 3.0  # times an even one, from which a patch is a sink


def sink_patches(layers: Sequence[Tensor], real: Tensor) -> Tensor:
    """Which patches soak up attention whatever the token, ``[patches]`` booleans.

    ``layers`` hold attention ``[heads, tokens, patches]``, of whose tokens ``real [tokens]`` are no padding. In the
    mean over layers and heads, the median token pays a sink more than ``SHARE`` times an even share of what it pays the
    photo. The authors look for massive activations in dimensions that they found for each model instead.
    """
    received = []
    for weights in layers:
        rows = weights.detach().float().mean(dim=0)[real]
        paid = rows.sum(dim=-1, keepdim=True)
        seeing = rows[paid[:, 0] > 0] / paid[paid[:, 0] > 0]  # what stands before the photo sees nothing of it
        if len(seeing):
            received.append(seeing.median(dim=0).values)
    if not received:
        return torch.zeros(layers[0].shape[-1], dtype=torch.bool, device=layers[0].device)
    share = torch.stack(received).mean(dim=0)
    return share * len(share) > SHARE


def spread(rows: Tensor, sinks: Tensor) -> Tensor:
    """Rows ``[T, patches]`` in which what the ``sinks [patches]`` get is given to the other patches, in proportion."""
    kept = rows.masked_fill(sinks, 0.0)
    total = kept.sum(dim=-1, keepdim=True)
    return kept * (rows.sum(dim=-1, keepdim=True) / total.where(total > 0, torch.ones_like(total)))
