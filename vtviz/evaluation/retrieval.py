"""Recall of cross-modal search."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vtviz.evaluation.split import Row
from vtviz.models.base import FusionModel
from vtviz.models.finite import need_numbers
from vtviz.watch import Watch

CUTS = (1, 5, 10)
BLOCK = 100  # texts or photos at a time


def retrieval_figures(
    model: FusionModel, features: Sequence[Tensor], rows: Sequence[Row], watch: Watch
) -> dict[str, dict[str, float]]:
    """Recall of the search for photos by each of their captions, and for captions by their photo."""
    blocks = range(0, len(features), BLOCK)
    images = [model.index_images(torch.cat(list(features[first : first + BLOCK]))) for first in blocks]
    texts = [caption for row in rows for caption in row["captions"]]
    owner = torch.tensor([index for index, row in enumerate(rows) for _ in row["captions"]])
    similarity = []
    for first in watch.follow("retrieval", range(0, len(texts), BLOCK)):
        block = model.index_texts(texts[first : first + BLOCK])
        similarity.append(torch.cat([model.similarity(block, index).cpu() for index in images], dim=1))
    return recall(torch.cat(similarity), owner)


def recall(similarity: Tensor, owner: Tensor) -> dict[str, dict[str, float]]:
    """Recall at 1, 5 and 10, from ``similarity [texts, images]``; text t describes image ``owner[t]``.

    Text→image: the share of texts whose image is among the first k. Image→text: the share of images with one of
    their texts among the first k. Ties count against the model.

    Raises:
        ModelError: if a similarity is not a number.
    """
    need_numbers(similarity)
    texts, images = similarity.shape
    own = similarity[torch.arange(texts), owner]
    image_rank = (similarity >= own[:, None]).sum(dim=1)
    wrong = similarity.clone()
    wrong[torch.arange(texts), owner] = float("-inf")
    best = torch.full((images,), float("-inf")).scatter_reduce(0, owner, own, "amax")
    text_rank = (wrong >= best[None, :]).sum(dim=0) + 1
    return {
        "text_to_image": {f"recall@{k}": float((image_rank <= k).float().mean()) for k in CUTS},
        "image_to_text": {f"recall@{k}": float((text_rank <= k).float().mean()) for k in CUTS},
    }
