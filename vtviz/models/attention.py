"""Multi-head attention that can be recorded. Vaswani et al., "Attention Is All You Need", 2017."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from vtviz.models.record import Kind


class Attention(nn.Module):
    """softmax(QKᵀ/√d_k)V in several heads.

    Args:
        width: size of the queries, and of the output.
        heads: number of heads; divides ``width``.
        kind: what attends to what, for the record.
    """

    def __init__(self, width: int, heads: int, kind: Kind) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"`width` {width} is not divisible by `heads` {heads}")
        self.kind: Kind = kind
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)
        self.observer: Callable[[Attention, Tensor], None] | None = None

    def forward(self, queries: Tensor, keys: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attended values ``[batch, queries, width]``.

        Args:
            queries: ``[batch, queries, width]``.
            keys: ``[batch, keys, width]``, which the values come from too.
            mask: ``[batch, keys]``, True where a key may be attended to; None for all.
        """
        query, key, value = self._split(self.query(queries)), self._split(self.key(keys)), self._split(self.value(keys))
        allowed = None if mask is None else mask[:, None, None, :]
        if self.observer is None:
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        else:
            scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
            if allowed is not None:
                scores = scores.masked_fill(~allowed, float("-inf"))
            weights = scores.float().softmax(dim=-1)
            self.observer(self, weights)
            mixed = weights.to(value.dtype) @ value
        return self.output(mixed.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
