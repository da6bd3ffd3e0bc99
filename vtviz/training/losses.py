"""Losses: contrastive, attention supervision, and hard negatives for the match."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def contrastive(similarity: Tensor, smoothing: float = 0.05) -> Tensor:
    """InfoNCE in both directions (Radford et al., "CLIP", 2021) over ``similarity [n, n]`` of matching pairs i, i.

    Labels are smoothed, because captions of other photos are sometimes true of this one.
    """
    labels = torch.arange(len(similarity), device=similarity.device)
    ways = (similarity, similarity.T)
    return sum((F.cross_entropy(way, labels, label_smoothing=smoothing) for way in ways), torch.zeros(())) / 2


def mass_in_region(weights: Tensor, regions: Tensor) -> Tensor:
    """Mean of −log of the attention mass inside each region (attention supervision, as in AMC, CVPR 2023).

    Args:
        weights: ``[phrases, patches]``, rows that sum to 1.
        regions: ``[phrases, patches]``, coverage of each patch by the phrase's region in 0..1.
    """
    seen = regions.sum(dim=1) > 0
    if not seen.any():
        return weights.sum() * 0.0
    mass = (weights * regions).sum(dim=1)[seen]
    return -mass.clamp_min(1e-4).log().mean()


def spread_in_region(weights: Tensor, regions: Tensor) -> Tensor:
    """Mean KL divergence of the attention from the uniform distribution over each region, so that the map covers it.

    Shapes as for ``mass_in_region``.
    """
    seen = regions.sum(dim=1) > 0
    if not seen.any():
        return weights.sum() * 0.0
    even = regions[seen] / regions[seen].sum(dim=1, keepdim=True)
    return F.kl_div(weights[seen].clamp_min(1e-6).log(), even, reduction="batchmean")


def hard_negatives(similarity: Tensor, sharpness: float = 0.5) -> tuple[Tensor, Tensor]:
    """For each image a wrong text, and for each text a wrong image, drawn by how similar they look (ALBEF, 2021)."""
    own = torch.eye(len(similarity), dtype=torch.bool, device=similarity.device)
    logits = (similarity.detach() * sharpness).masked_fill(own, float("-inf"))
    wrong_images = torch.multinomial(logits.softmax(dim=1), 1).squeeze(1)
    wrong_texts = torch.multinomial(logits.T.softmax(dim=1), 1).squeeze(1)
    return wrong_texts, wrong_images
