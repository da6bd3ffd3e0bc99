"""Records the attention of a model while it runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from vtviz.models.attention import Attention
from vtviz.models.record import KINDS, Kind


class Recording:
    """The attention of each layer that has run, as ``(name, kind, weights [batch, heads, queries, keys])``.

    The weights lie on the autograd graph where gradients are on, so they can be differentiated with respect to.
    """

    def __init__(self) -> None:
        self.layers: list[tuple[str, Kind, Tensor]] = []

    def of_kind(self, kind: Kind) -> list[Tensor]:
        """The weights of every layer of one kind, in the order in which the layers ran."""
        return [weights for _, each, weights in self.layers if each == kind]


@contextmanager
def record_attention(model: nn.Module, kinds: Collection[Kind] = KINDS) -> Iterator[Recording]:
    """Records the attentions of ``model`` of the given kinds inside the ``with``; afterwards none is observed.

    Raises:
        RuntimeError: if the model is being recorded already: two recordings would mix.
    """
    recording = Recording()
    modules = {m: name for name, m in model.named_modules() if isinstance(m, Attention) and m.kind in kinds}
    if any(module.observer is not None for module in modules):
        raise RuntimeError("this model is being recorded already")

    def observe(module: Attention, weights: Tensor) -> None:
        if torch.is_grad_enabled() and not weights.requires_grad:
            weights.requires_grad_()  # with frozen parameters the graph begins here
        recording.layers.append((modules[module], module.kind, weights))

    try:
        for module in modules:
            module.observer = observe
        yield recording
    finally:
        for module in modules:
            module.observer = None
