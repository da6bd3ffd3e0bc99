"""What was recorded of a model's attention."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

Kind = Literal["text→image", "image→text", "image", "text", "fused"]
KINDS: tuple[Kind, ...] = ("text→image", "image→text", "image", "text", "fused")


@dataclass(frozen=True)
class AttentionLayer:
    """Attention of one layer: ``weights [heads, queries, keys]``, each row softmax(QKᵀ/√d_k) of one query.

    The text axis holds the model's whole text sequence, special tokens included.
    """

    name: str
    kind: Kind
    weights: Tensor


@dataclass(frozen=True)
class AttentionRecord:
    """The attention of every layer, in the order in which the layers ran."""

    layers: tuple[AttentionLayer, ...]

    def of_kind(self, kind: Kind) -> tuple[AttentionLayer, ...]:
        """The layers of one kind, first to last."""
        return tuple(layer for layer in self.layers if layer.kind == kind)


def entropy(weights: Tensor) -> Tensor:
    """Entropy of each row of ``weights [..., queries, keys]`` over the log of the number of keys, ``[..., queries]``.

    1 means attention spread evenly over all keys, 0 that one key has it all. A single key gives 0.
    """
    keys = weights.shape[-1]
    rows = -(weights * weights.clamp_min(1e-12).log()).sum(dim=-1)
    return rows / math.log(keys) if keys > 1 else rows * 0.0
