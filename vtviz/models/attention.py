"""Multi-head attention that can be recorded and changed. Vaswani et al., "Attention Is All You Need", 2017."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vtviz.models.record import Kind

KeysValues = tuple[Tensor, Tensor]  # both [batch, heads, keys, width / heads]


Scaling = Literal["query", "scores", "factor"]


@dataclass(frozen=True, eq=False)
class Heads:
    """What the heads of an attention layer compare and mix.

    ``query [batch, heads, queries, size]``, ``key`` and ``value [batch, heads, keys, size]``. ``mask`` broadcasts to
    ``[batch, heads, queries, keys]``: booleans are True where a key may be attended to, numbers are added to the
    scores. ``scale`` is √size in most networks; as ``scaling`` says, it divides the query or the scores, or is a
    factor of the scores, so that weights equal those of the network to the last bit. Where there is a ``cap`` c, scores
    s become c · tanh(s / c) (Gemma 2).
    """

    query: Tensor
    key: Tensor
    value: Tensor
    mask: Tensor | None
    scale: float
    scaling: Scaling = "query"
    cap: float | None = None

    def weights(self) -> Tensor:
        """softmax(QKᵀ/√d_k), ``[batch, heads, queries, keys]``."""
        scores = self._scores()
        if self.cap is not None:
            scores = (scores / self.cap).tanh() * self.cap
        if self.mask is not None and self.mask.dtype.is_floating_point:
            scores = scores + self.mask
        elif self.mask is not None:
            scores.masked_fill_(~self.mask, float("-inf"))
        return scores.float().softmax(dim=-1)

    def _scores(self) -> Tensor:
        key = self.key.transpose(-1, -2)
        if self.scaling == "query":
            return self.query / self.scale @ key  # the query is smaller than the scores
        scores = self.query @ key
        return scores / self.scale if self.scaling == "scores" else scores * self.scale

    def mixed(self) -> Tensor:
        """The values mixed by these weights, ``[batch, heads, queries, size]``, in one kernel that keeps no weights."""
        if self.cap is not None:  # which the kernel does not know
            return self.mixed_by(self.weights())
        mask, scale = self.mask, self.scale if self.scaling == "factor" else 1 / self.scale
        query, key, value = self.query, self.key, self.value
        if query.dtype == torch.bfloat16 and query.device.type == "cpu":  # whose kernel for it is slower than float32's
            with torch.autocast("cpu", enabled=False):
                mixed = F.scaled_dot_product_attention(
                    query.float(), key.float(), value.float(), attn_mask=mask, scale=scale
                )
            return mixed.to(query.dtype)
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale)

    def mixed_by(self, weights: Tensor) -> Tensor:
        """The values mixed by ``weights [batch, heads, queries, keys]``."""
        return weights.to(self.value.dtype) @ self.value

    def partly_mixed_by(self, weights: Tensor, changed: Tensor) -> Tensor:
        """As ``mixed``, but by ``weights`` in the heads whose indices ``changed [n]`` holds."""
        mixed = self.mixed()
        explicit = weights[:, changed].to(self.value.dtype) @ self.value[:, changed]
        return mixed.index_copy(1, changed, explicit.to(mixed.dtype))


Observer = Callable[["Attention", Heads], Tensor]


class Attention(nn.Module):
    """softmax(QKᵀ/√d_k)V in several heads.

    Args:
        width: size of the queries, and of the output.
        heads: number of heads; divides ``width``.
        kind: what attends to what, for the record.

    An ``observer`` mixes the values in place of ``attend``: it returns ``[batch, heads, queries, width / heads]``.
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

    def project_queries(self, queries: Tensor) -> Tensor:
        """Queries ``[batch, heads, queries, width / heads]`` of ``queries [batch, queries, width]``."""
        return self._split(self.query(queries))

    def project(self, keys: Tensor) -> KeysValues:
        """Keys and values of ``keys [batch, keys, width]``, to be computed once where they are attended to often."""
        return self._split(self.key(keys)), self._split(self.value(keys))

    def attend(self, heads: Heads) -> Tensor:
        """Mixed values ``[batch, heads, queries, width / heads]``."""
        observer = self.observer  # another thread may remove it meanwhile
        return heads.mixed() if observer is None else observer(self, heads)

    def forward(self, queries: Tensor, keys: Tensor | KeysValues, mask: Tensor | None = None) -> Tensor:
        """Attended values ``[batch, queries, width]``.

        Args:
            queries: ``[batch, queries, width]``.
            keys: ``[batch, keys, width]``, which the values come from too; or what ``project`` made of them.
            mask: ``[batch, keys]`` or ``[batch, queries, keys]``, True where a key may be attended to; None for all.
        """
        query = self.project_queries(queries)
        key, value = self.project(keys) if isinstance(keys, Tensor) else keys
        allowed = None if mask is None else mask[:, None] if mask.ndim == 3 else mask[:, None, None, :]
        return self._joined(self.attend(Heads(query, key, value, allowed, query.shape[-1] ** 0.5)))

    def of_values(self, x: Tensor) -> Tensor:
        """softmax(VVᵀ/√d_k)V of one sequence ``[batch, n, width]``, which is not recorded."""
        value = self._split(self.value(x))
        return self._joined(F.scaled_dot_product_attention(value, value, value))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def _joined(self, mixed: Tensor) -> Tensor:
        """The output ``[batch, queries, width]`` of mixed values ``[batch, heads, queries, width / heads]``."""
        return self.output(mixed.transpose(1, 2).flatten(2))
