"""Photos of vtviz-base as they are kept for search."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.models.vtviz_base.network import Encoded, FusionNetwork


class KeptPhotos:
    """What a SearchModel has, for the encodings of the network.

    The vector of a text or photo is its pooled vector beside the mean of its local ones, weighted as the similarity
    weighs them: the products of mean vectors come near late interaction, which is a mean of the largest products. The
    local vectors themselves are kept to compare photos exactly, and the tokens for the match.
    """

    network: FusionNetwork
    compared = frozenset({"local", "importance"})
    keeps_match = True

    def search_vectors(self, indexed: Encoded) -> Tensor:
        """Unit vectors of texts or photos, ``[n, 2 * width]``."""
        to_image, to_text, pooled = self.network.similarity_scale.exp()
        mean = (indexed.local * indexed.importance[..., None]).sum(dim=1)
        return F.normalize(
            torch.cat([pooled.sqrt() * indexed.pooled, (to_image + to_text).sqrt() * mean], dim=-1), dim=-1
        )

    def photo_parts(self, photos: Encoded) -> dict[str, Tensor]:
        """The contrastive vectors and the tokens of patches, ``[images, patches, width]``, and how much each patch
        counts, ``[images, patches]``."""
        return {"local": photos.local, "importance": photos.importance, "tokens": photos.tokens}

    def from_parts(self, vectors: Tensor, parts: Mapping[str, Tensor]) -> Encoded:
        """Photos ready for ``similarity``, and for ``match_indexed`` where the tokens are among the parts."""
        local = parts["local"]
        mask = torch.ones(local.shape[:2], dtype=torch.bool, device=local.device)
        vectors = F.normalize(vectors[:, : local.shape[-1]], dim=-1)  # the pooled ones
        return Encoded(parts.get("tokens", local[:, :0]), local, parts["importance"], vectors, mask)

    @torch.inference_mode()
    def match_indexed(self, texts: Encoded, photos: Encoded) -> Tensor:
        """The calibrated match logit ``[n]`` of text i, or of the only one, with photo i."""
        count = max(len(texts.tokens), len(photos.tokens))
        return self.network.match(_repeated(texts, count), _repeated(photos, count))


def _repeated(side: Encoded, count: int) -> Encoded:
    return side if len(side.tokens) == count else side[torch.zeros(count, dtype=torch.long)]
