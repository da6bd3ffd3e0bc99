"""The attention of text towers from transformers, through its door for attention functions of other packages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, Protocol

import torch
from torch import Tensor, nn

NAME = "vtviz_recorded"


class Listener(Protocol):
    """Mixes the values of one attention module."""

    def __call__(self, module: nn.Module, query: Tensor, key: Tensor, value: Tensor, scores: Tensor) -> Tensor: ...


_listener: ContextVar[Listener | None] = ContextVar("vtviz_listener", default=None)


@contextmanager
def listening(transformer: nn.Module, listener: Listener) -> Iterator[None]:
    """Inside the ``with``, ``listener`` mixes the values in every attention of ``transformer``."""
    _register()
    config: Any = transformer.config
    before = config._attn_implementation
    token = _listener.set(listener)
    config._attn_implementation = NAME
    try:
        yield
    finally:
        config._attn_implementation = before
        _listener.reset(token)


@cache
def _register() -> None:
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import eager_mask

    AttentionInterface.register(NAME, _attention)
    AttentionMaskInterface.register(NAME, eager_mask)


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    position_bias: Tensor | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    scores = query @ key.transpose(-1, -2) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    for bias in (position_bias, attention_mask):
        scores = scores if bias is None else scores + bias
    listener = _listener.get()
    # Without a listener this is another thread than the one that records.
    mixed = scores.softmax(dim=-1) @ value if listener is None else listener(module, query, key, value, scores)
    return mixed.transpose(1, 2).contiguous(), None


def is_hugging_face(text: nn.Module) -> bool:
    """Whether a text tower comes from transformers."""
    return hasattr(text, "config") and hasattr(text, "transformer") and isinstance(text.transformer, torch.nn.Module)
