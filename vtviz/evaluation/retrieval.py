"""Recall of cross-modal search."""

from __future__ import annotations

import torch
from torch import Tensor

CUTS = (1, 5, 10)


def recall(similarity: Tensor, owner: Tensor) -> dict[str, dict[str, float]]:
    """Recall at 1, 5 and 10, from ``similarity [texts, images]``; text t describes image ``owner[t]``.

    Text→image: the share of texts whose image is among the first k. Image→text: the share of images with one of
    their texts among the first k. Ties count against the model.
    """
    texts, images = similarity.shape
    own = similarity[torch.arange(texts), owner]
    place = (similarity >= own[:, None]).sum(dim=1)
    wrong = similarity.clone()
    wrong[torch.arange(texts), owner] = float("-inf")
    best = torch.full((images,), float("-inf")).scatter_reduce(0, owner, own, "amax")
    ahead = (wrong >= best[None, :]).sum(dim=0) + 1
    return {
        "text_to_image": {f"recall@{k}": float((place <= k).float().mean()) for k in CUTS},
        "image_to_text": {f"recall@{k}": float((ahead <= k).float().mean()) for k in CUTS},
    }
