"""Multi-head attention that can be recorded. Vaswani et al., "Attention Is All You Need", 2017."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from vtviz.models.record import Kind

KeysValues = tuple[Tensor, Tensor]  # each [batch, heads, keys, width / heads]
Observer = Callable[["Attention", Tensor, KeysValues, Tensor], Tensor]


class Attention(nn.Module):
    """softmax(QKᵀ/√d_k)V in several heads.

    Args:
        width: size of the queries, and of the output.
        heads: number of heads; divides ``width``.
        kind: what attends to what, for the record.

    An ``observer`` gets the queries, the keys and values, and the weights ``[batch, heads, queries, keys]``, and mixes
    the values itself, so that what it keeps lies on the graph.
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
        self.observer: Observer | None = None

    def project(self, keys: Tensor) -> KeysValues:
        """Keys and values of ``keys [batch, keys, width]``, to be computed once where they are attended to often."""
        return self._split(self.key(keys)), self._split(self.value(keys))

    def forward(self, queries: Tensor, keys: Tensor | KeysValues, mask: Tensor | None = None) -> Tensor:
        """Attended values ``[batch, queries, width]``.

        Args:
            queries: ``[batch, queries, width]``.
            keys: ``[batch, keys, width]``, which the values come from too; or what ``project`` made of them.
            mask: ``[batch, keys]`` or ``[batch, queries, keys]``, True where a key may be attended to; None for all.
        """
        query = self._split(self.query(queries))
        key, value = self.project(keys) if isinstance(keys, Tensor) else keys
        allowed = None if mask is None else mask[:, None] if mask.ndim == 3 else mask[:, None, None, :]
        observer = self.observer  # another thread may take it away meanwhile
        if observer is None:
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        else:
            scores = query / query.shape[-1] ** 0.5 @ key.transpose(-1, -2)  # the query is the smaller one to divide
            if allowed is not None:
                scores.masked_fill_(~allowed, float("-inf"))
            mixed = observer(self, query, (key, value), scores.float().softmax(dim=-1))
        return self.output(mixed.transpose(1, 2).flatten(2))

    def of_values(self, x: Tensor) -> Tensor:
        """softmax(VVᵀ/√d_k)V of one sequence ``[batch, n, width]``, which is not recorded."""
        value = self._split(self.value(x))
        mixed = F.scaled_dot_product_attention(value, value, value)
        return self.output(mixed.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
