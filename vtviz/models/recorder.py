"""Records the attention of a model while it runs."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from vtviz.models.attention import Attention, KeysValues
from vtviz.models.record import KINDS, Kind


@dataclass(frozen=True, eq=False)
class RecordedLayer:
    """One attention layer of a pass.

    ``weights [batch, heads, queries, keys]``; what they were made of, ``query``, ``key`` and ``value [batch, heads, n,
    width / heads]``; and ``mixed [batch, heads, queries, width / heads]``, the values mixed by the weights, before the
    output projection. All lie on the autograd graph where gradients are on, ``mixed`` being what the model
    goes on with.
    """

    name: str
    kind: Kind
    weights: Tensor
    query: Tensor
    key: Tensor
    value: Tensor
    mixed: Tensor


class Recording:
    """The attention layers that have run, in their order.

    A text→image layer directly followed by an image→text layer is one block: both read the same inputs.
    """

    def __init__(self) -> None:
        self.layers: list[RecordedLayer] = []

    def blocks(self) -> list[list[RecordedLayer]]:
        """The layers in their order; those of one block together."""
        found: list[list[RecordedLayer]] = []
        for layer in self.layers:
            if layer.kind == "image→text" and found and found[-1][0].kind == "text→image":
                found[-1].append(layer)
            else:
                found.append([layer])
        return found

    def sizes(self) -> tuple[int, int]:
        """Lengths of the text axis and of the image axis; 0 for a side that no layer read."""
        words = patches = both = 0
        for layer in self.layers:
            queries, keys = layer.weights.shape[-2:]
            if layer.kind == "fused":
                both = queries
            else:
                words = queries if layer.kind.startswith("text") else words
                patches = keys if layer.kind.endswith("image") else patches
        return (words, patches) if words and patches else (words or both - patches, patches or both - words)

    def layers_of(self, kind: Kind) -> list[RecordedLayer]:
        """Every layer of one kind, in the order in which they ran."""
        return [layer for layer in self.layers if layer.kind == kind]

    def of_kind(self, kind: Kind) -> list[Tensor]:
        """The weights of every layer of one kind, in the order in which the layers ran."""
        return [layer.weights for layer in self.layers_of(kind)]


@contextmanager
def record_attention(model: nn.Module, kinds: Collection[Kind] = KINDS) -> Iterator[Recording]:
    """Records the attentions of ``model`` of the given kinds that run in this thread inside the ``with``; afterwards
    none is observed.

    Raises:
        RuntimeError: if the model is being recorded already: two recordings would mix.
    """
    recording = Recording()
    modules = {module: name for module, name in _attentions(model).items() if module.kind in kinds}
    owner = threading.get_ident()

    def observe(module: Attention, query: Tensor, memory: KeysValues, weights: Tensor) -> Tensor:
        if threading.get_ident() != owner:
            return weights.to(memory[1].dtype) @ memory[1]
        if torch.is_grad_enabled() and not weights.requires_grad:
            weights.requires_grad_()  # with frozen parameters the graph begins here
        mixed = weights.to(memory[1].dtype) @ memory[1]
        recording.layers.append(RecordedLayer(modules[module], module.kind, weights, query, *memory, mixed))
        return mixed

    with _beginning:
        if any(module.observer is not None for module in modules):
            raise RuntimeError("this model is being recorded already")
        for module in modules:
            module.observer = observe
    try:
        yield recording
    finally:
        for module in modules:
            module.observer = None


_beginning = threading.Lock()
_known: WeakKeyDictionary[nn.Module, dict[Attention, str]] = WeakKeyDictionary()


def _attentions(model: nn.Module) -> dict[Attention, str]:
    """The attention modules of a network with their names. Walking a network takes milliseconds, so it is done once."""
    if model not in _known:
        _known[model] = {each: name for name, each in model.named_modules() if isinstance(each, Attention)}
    return _known[model]
