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
    return torch.stack([F.cross_entropy(way, labels, label_smoothing=smoothing) for way in ways]).mean()


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
    """Mean KL divergence of the attention from what each region asks for, so that the map covers it: where regions are
    covered alike, that is the uniform distribution over each.

    Shapes as for ``mass_in_region``.
    """
    seen = regions.sum(dim=1) > 0
    if not seen.any():
        return weights.sum() * 0.0
    even = regions[seen] / regions[seen].sum(dim=1, keepdim=True)
    return F.kl_div(weights[seen].clamp_min(1e-6).log(), even, reduction="batchmean")


def cover(logits: Tensor, regions: Tensor) -> Tensor:
    """Cross-entropy and Dice loss (Milletari et al., "V-Net", 2016) of a map against each region, so that its positive
    part covers the region and nothing else.

    Args:
        logits: ``[phrases, patches]``, positive where the map says that the phrase's thing is.
        regions: ``[phrases, patches]``, coverage of each patch by the phrase's region in 0..1.
    """
    seen = regions.sum(dim=1) > 0
    if not seen.any():
        return logits.sum() * 0.0
    logits, regions = logits[seen], regions[seen]
    inside = logits.sigmoid()
    overlap = 2.0 * (inside * regions).sum(dim=1) + 1.0
    dice = 1.0 - overlap / (inside.sum(dim=1) + regions.sum(dim=1) + 1.0)
    return F.binary_cross_entropy_with_logits(logits, regions) + dice.mean()


def margins(values: Tensor, regions: Tensor, peak: float, mean: float) -> Tensor:
    """How far the strongest value outside each region comes within ``peak`` of the strongest inside, and the mean
    outside within ``mean`` of the mean inside (Yang et al., "AMC", CVPR 2023).

    ``values`` and ``regions [phrases, patches]``; a patch lies inside where its region covers at least half of it.
    """
    inside = regions >= 0.5
    both = inside.any(dim=1) & ~inside.all(dim=1)
    if not both.any():
        return values.sum() * 0.0
    values, inside = values[both], inside[both]
    low = torch.finfo(values.dtype).min
    peaks = values.masked_fill(inside, low).amax(dim=1) - values.masked_fill(~inside, low).amax(dim=1)
    means = _mean(values, ~inside) - _mean(values, inside)
    return (F.relu(peaks + peak) + F.relu(means + mean)).mean()


def _mean(values: Tensor, chosen: Tensor) -> Tensor:
    return (values * chosen).sum(dim=1) / chosen.sum(dim=1)


def hard_negatives(similarity: Tensor, sharpness: float = 0.5) -> tuple[Tensor, Tensor]:
    """For each image a wrong text, and for each text a wrong image, drawn by how similar they look (ALBEF, 2021)."""
    own = torch.eye(len(similarity), dtype=torch.bool, device=similarity.device)
    logits = (similarity.detach() * sharpness).masked_fill(own, float("-inf"))
    wrong_images = torch.multinomial(logits.softmax(dim=1), 1).squeeze(1)
    wrong_texts = torch.multinomial(logits.T.softmax(dim=1), 1).squeeze(1)
    return wrong_texts, wrong_images
