"""The attention of text towers from transformers, through its door for attention functions of other packages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from vtviz.models.attention import Heads

NAME = "vtviz_recorded"


class Mixer(Protocol):
    """Mixes the values of one attention module, or returns None to leave them to transformers."""

    def __call__(self, module: nn.Module, heads: Heads) -> Tensor | None: ...


_mixer: ContextVar[Mixer | None] = ContextVar("vtviz_mixer", default=None)


@contextmanager
def listening(transformer: nn.Module, mixer: Mixer) -> Iterator[None]:
    """Inside the ``with``, ``mixer`` mixes the values in every attention of ``transformer``, in this thread."""
    register_attention()
    config: Any = transformer.config
    before = config._attn_implementation
    config._attn_implementation = NAME
    try:
        with mixing(mixer):
            yield
    finally:
        config._attn_implementation = before


@contextmanager
def mixing(mixer: Mixer) -> Iterator[None]:
    """The same for networks that were loaded with the attention ``NAME``; without a mixer that is torch's own."""
    token = _mixer.set(mixer)
    try:
        yield
    finally:
        _mixer.reset(token)


@cache
def register_attention() -> None:
    """Makes the attention ``NAME`` known to transformers."""
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(NAME, _attention)
    AttentionMaskInterface.register(NAME, _allowed)


def _allowed(**made_of: Any) -> Tensor | None:
    """Which keys each query may attend to, ``[n, 1, queries, keys]``; None means no mask at all.

    transformers counts padding as distance. So where it stands between real tokens, as behind the shorter texts of a
    batch, those behind it see those before it from where they would stand without it: a sliding window reaches as far
    as in a text by itself.
    """
    from transformers.masking_utils import sdpa_mask

    given = {**made_of, "allow_is_causal_skip": False}
    allowed = sdpa_mask(**given)
    padding, length = given.get("attention_mask"), given["kv_length"]
    if allowed is None or padding is None or padding.shape[1] != length or given["q_length"] != length:
        return allowed
    real = padding.bool()
    order = real.long().cumsum(dim=1)
    gap = ~real & (order > 0) & (order < order[:, -1:])
    if not gap.any():
        return allowed
    function = given["mask_function"]
    given["mask_function"] = lambda text, head, query, key: function(text, head, (order - 1)[text, query], key)
    behind = gap.long().cumsum(dim=1) > 0
    across = (behind[:, :, None] & ~behind[:, None])[:, None]
    seen: Tensor = sdpa_mask(**given)  # type: ignore[assignment]
    return torch.where(across, seen, allowed)


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    position_bias: Tensor | None = None,
    softcap: float | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    mixer = _mixer.get()  # another thread than the one that records has none
    factor = query.shape[-1] ** -0.5 if scaling is None else scaling
    groups = query.shape[1] // key.shape[1]
    keys, values = (key, value) if groups == 1 else (x.repeat_interleave(groups, dim=1) for x in (key, value))
    heads = Heads(query, keys, values, _mask(attention_mask, position_bias), factor, "factor", softcap)
    mixed = None if mixer is None else mixer(module, heads)
    if mixed is None and softcap is not None:
        mixed = heads.mixed()
    if mixed is not None:
        return mixed.transpose(1, 2).contiguous(), None
    own = sdpa_attention_forward(
        module, query, key, value, attention_mask, scaling=scaling, position_bias=position_bias, **options
    )
    return own[0], None


def _mask(allowed: Tensor | None, bias: Tensor | None) -> Tensor | None:
    """One mask of which keys are ``allowed`` and a ``bias`` of the scores, as Heads have it."""
    if allowed is None or bias is None:
        return allowed if bias is None else bias
    return torch.where(allowed, bias, torch.finfo(bias.dtype).min)


def is_hugging_face(text: nn.Module) -> bool:
    """Whether a text tower comes from transformers."""
    return hasattr(text, "config") and hasattr(text, "transformer") and isinstance(text.transformer, torch.nn.Module)
