"""Records the attention of open_clip's towers while they run, with torch's own hooks.

No hook changes what a module answers: a hooked module is handed a single token, and its answer is replaced by the same
attention written out, whose weights lie on the graph. Nothing is computed twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from vtviz.models.open_clip.towers.attention import WRITTEN, Attend, one_token
from vtviz.models.open_clip.towers.hf_attention import is_hugging_face, listening
from vtviz.models.record import Kind
from vtviz.models.recorder import RecordedLayer, Recording

Change = Callable[[RecordedLayer], RecordedLayer]


def sites(network: nn.Module, kinds: Collection[Kind]) -> dict[nn.Module, tuple[str, Kind]]:
    """The attention modules of the given kinds that can be recorded, with their names and kinds.

    Attentional poolers are none of them: they are read where their patches are needed.
    """
    found: dict[nn.Module, tuple[str, Kind]] = {}
    for name, module in network.named_modules():
        kind = kind_of(name)
        if type(module) in WRITTEN and "attn_pool" not in name and kind in kinds:
            found[module] = (name, kind)
    return found


def kind_of(name: str) -> Kind:
    """What attends to what in the module of this name."""
    if name.startswith("visual."):
        return "image"
    return "text→image" if ".cross_attn." in name else "text"


@contextmanager
def record_towers(
    network: nn.Module, kinds: Collection[Kind], lock: threading.Lock, change: Change | None = None
) -> Iterator[Recording]:
    """Records the attentions of ``network`` of the given kinds that run in this thread inside the ``with``.

    ``change`` may replace a layer before the network goes on with its ``mixed``. Afterwards no hook is left.

    Raises:
        RuntimeError: if the network is being recorded already: two recordings would mix.
    """
    recording = Recording()

    def attend(name: str, kind: Kind, query: Tensor, key: Tensor, value: Tensor, scores: Tensor) -> Tensor:
        weights = scores.float().softmax(dim=-1)
        if torch.is_grad_enabled() and not weights.requires_grad:
            weights.requires_grad_()  # with frozen parameters the graph begins here
        mixed = weights.to(value.dtype) @ value
        layer = RecordedLayer(name, kind, weights, query, key, value, mixed)
        layer = layer if change is None else change(layer)
        recording.layers.append(layer)
        return layer.mixed

    with alone(lock), ExitStack() as undo:
        for module, (name, kind) in sites(network, kinds).items():
            replace_attention(module, partial(attend, name, kind), undo)
        text: Any = getattr(network, "text", None)
        if "text" in kinds and text is not None and is_hugging_face(text):
            names = {module: f"text.{name}" for name, module in text.named_modules()}

            def hear(module: nn.Module, query: Tensor, key: Tensor, value: Tensor, scores: Tensor) -> Tensor:
                return attend(names[module], "text", query, key, value, scores)

            undo.enter_context(listening(text.transformer, hear))
        yield recording


@contextmanager
def alone(lock: threading.Lock) -> Iterator[None]:
    """Holds the lock of a network whose attention is replaced. Raises RuntimeError where that is done already."""
    if not lock.acquire(blocking=False):
        raise RuntimeError("this model is being recorded already")
    try:
        yield
    finally:
        lock.release()


def replace_attention(module: nn.Module, attend: Attend, undo: ExitStack) -> None:
    """Lets ``attend`` mix the values whenever ``module``, one of ``WRITTEN``, runs in this thread, until ``undo``
    closes."""
    owner = threading.get_ident()
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def before(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if threading.get_ident() != owner:
            return None
        calls.append((args, kwargs))
        return one_token(module, args, kwargs)

    def after(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        if threading.get_ident() != owner:
            return None
        args, kwargs = calls.pop()
        return WRITTEN[type(module)](module, attend, *args, **kwargs)

    for handle in (
        module.register_forward_pre_hook(before, with_kwargs=True),
        module.register_forward_hook(after, with_kwargs=True),
    ):
        undo.callback(handle.remove)
