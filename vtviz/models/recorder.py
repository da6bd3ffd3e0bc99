"""Records, and changes, the attention of a model while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from vtviz.models.attention import Attention, Heads
from vtviz.models.record import KINDS, Kind

# Gets a layer's name and its weights [batch, heads, queries, keys]; returns others of the same shape, or None to leave
# the layer as it is.
Change = Callable[[str, Tensor], Tensor | None]


@dataclass(frozen=True, eq=False)
class RecordedLayer:
    """One attention layer of a pass.

    ``weights [batch, heads, queries, keys]``; what they were made of, ``query``, ``key`` and ``value [batch, heads, n,
    width / heads]``; and ``mixed [batch, heads, queries, width / heads]``, the values mixed by the weights, before the
    output projection. All lie on the autograd graph where gradients are on, ``mixed`` being what the model
    goes on with. A batch of 1 stands for all texts where the layer does not depend on them.

    ``joined`` names the attention over one sequence of text and patches that this layer is a part of; what the model
    goes on with is then the sum of the parts of its row.
    """

    name: str
    kind: Kind
    weights: Tensor
    query: Tensor
    key: Tensor
    value: Tensor
    mixed: Tensor
    joined: str = ""

    def weights_of(self, index: int) -> Tensor:
        """The weights ``[heads, queries, keys]`` of one text of the batch."""
        return self.weights[min(index, len(self.weights) - 1)]


class Recording:
    """The attention layers that have run, in their order.

    A text→image layer directly followed by an image→text layer is one block: both read the same inputs. So are the
    parts of one attention over the joined sequence.
    """

    def __init__(self) -> None:
        self.layers: list[RecordedLayer] = []

    def blocks(self) -> list[list[RecordedLayer]]:
        """The layers in their order; those of one block together."""
        blocks: list[list[RecordedLayer]] = []
        for layer in self.layers:
            before = blocks[-1] if blocks else []
            if _goes_with(layer, before):
                before.append(layer)
            else:
                blocks.append([layer])
        return blocks

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


def _goes_with(layer: RecordedLayer, block: list[RecordedLayer]) -> bool:
    """Whether a layer read the same inputs as the block before it."""
    if layer.joined:
        return bool(block) and block[0].joined == layer.joined and all(part.kind != layer.kind for part in block)
    return layer.kind == "image→text" and bool(block) and block[-1].kind == "text→image"


def changed_weights(change: Change, name: str, weights: Tensor) -> Tensor | None:
    """What ``change`` puts in place of a layer's weights, or None where it leaves them.

    It gets a copy, so that writing into its argument counts as a change too.

    Raises:
        ValueError: if it returns another shape.
    """
    changed = change(name, weights.clone())
    if changed is None:
        return None
    if changed.shape != weights.shape:
        raise ValueError(
            f"`change` returned weights {tuple(changed.shape)} for {name}, whose weights are {tuple(weights.shape)}"
        )
    changed = changed.to(weights)
    return changed.clone() if changed.is_inference() and torch.is_grad_enabled() else changed


class Recorder:
    """Mixes the values of attention layers for the thread that made it.

    Args:
        kinds: recorded; of other layers no weights are kept.
        change: offered the weights of every layer, whether recorded or not.
        compose: may replace a layer's record before the network goes on with its ``mixed``.
    """

    def __init__(
        self,
        kinds: Collection[Kind],
        change: Change | None = None,
        compose: Callable[[RecordedLayer], RecordedLayer] = lambda layer: layer,
    ) -> None:
        self.kinds, self.change, self.compose = frozenset(kinds), change, compose
        self.recording = Recording()
        self._owner = threading.get_ident()

    def observes(self, kind: Kind) -> bool:
        """Whether layers of this kind are recorded or may be changed."""
        return kind in self.kinds or self.change is not None

    def listens(self, kind: Kind) -> bool:
        """Whether this thread's layers of a kind are recorded or may be changed."""
        return threading.get_ident() == self._owner and self.observes(kind)

    def attend(self, name: str, kind: Kind, heads: Heads) -> Tensor | None:
        """Mixed values ``[batch, heads, queries, width / heads]``; None where the layer is to do as it always does."""
        if not self.listens(kind):
            return None
        return self._recorded(name, kind, heads) if kind in self.kinds else self._changed(name, heads)

    def _recorded(self, name: str, kind: Kind, heads: Heads) -> Tensor:
        weights = heads.weights()
        changed = None if self.change is None else changed_weights(self.change, name, weights)
        weights = weights if changed is None else changed
        if torch.is_grad_enabled() and not weights.requires_grad:
            weights = weights.detach().requires_grad_()  # with frozen parameters the graph begins here
        mixed = heads.mixed_by(weights)
        layer = self.compose(RecordedLayer(name, kind, weights, heads.query, heads.key, heads.value, mixed))
        self.recording.layers.append(layer)
        return layer.mixed

    def _changed(self, name: str, heads: Heads) -> Tensor | None:
        """Only the heads whose weights changed are mixed explicitly: the others must keep their last bit."""
        assert self.change is not None
        weights = heads.weights()
        changed = changed_weights(self.change, name, weights)
        if changed is None:
            return None
        different = (changed != weights).any(dim=-1).any(dim=-1).any(dim=0).nonzero()[:, 0]
        return heads.partly_mixed_by(changed, different) if len(different) else None


@contextmanager
def record_attention(
    model: nn.Module, kinds: Collection[Kind] = KINDS, change: Change | None = None
) -> Iterator[Recording]:
    """Records the attention layers of ``model`` of the given kinds that run in this thread inside the ``with``.

    Afterwards no layer is observed.

    Args:
        model: holds the layers, instances of ``Attention``.
        kinds: recorded.
        change: offered the weights of every layer, recorded or not; the network goes on with what it returns.

    Raises:
        RuntimeError: if the model is being recorded already: two recordings would mix.
    """
    recorder = Recorder(kinds, change)
    names = {module: name for module, name in _attentions(model).items() if recorder.observes(module.kind)}

    def observe(module: Attention, heads: Heads) -> Tensor:
        mixed = recorder.attend(names[module], module.kind, heads)
        return heads.mixed() if mixed is None else mixed

    with _beginning:
        if any(module.observer is not None for module in names):
            raise RuntimeError("this model is being recorded already")
        for module in names:
            module.observer = observe
    try:
        yield recorder.recording
    finally:
        for module in names:
            module.observer = None


_beginning = threading.Lock()
_known: WeakKeyDictionary[nn.Module, dict[Attention, str]] = WeakKeyDictionary()


def _attentions(model: nn.Module) -> dict[Attention, str]:
    """The attention modules of a network with their names. Walking a network takes milliseconds, so it is done once."""
    if model not in _known:
        _known[model] = {module: name for name, module in model.named_modules() if isinstance(module, Attention)}
    return _known[model]
