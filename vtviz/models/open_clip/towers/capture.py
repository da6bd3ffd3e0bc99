"""Records, and changes, the attention of open_clip's towers while they run, with torch's own hooks.

A recorded module is handed a single token, and its answer is replaced by the same attention written out, whose weights
lie on the graph, so nothing is computed twice. A module that is not recorded runs as it is; its answer is replaced only
where its weights were changed.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from weakref import WeakSet

from torch import Tensor, nn

from vtviz.models.attention import Heads
from vtviz.models.open_clip.towers.attention import WRITTEN, Attend, one_token, run_written
from vtviz.models.open_clip.towers.hf_attention import is_hugging_face, listening
from vtviz.models.record import KINDS, Kind
from vtviz.models.recorder import Recorder, Recording


def sites(network: nn.Module, kinds: Collection[Kind]) -> dict[nn.Module, tuple[str, Kind]]:
    """The attention modules of the given kinds that can be recorded, with their names and kinds.

    Attentional poolers are none of them: they are read where their patches are needed.
    """
    modules: dict[nn.Module, tuple[str, Kind]] = {}
    for name, module in network.named_modules():
        kind = kind_of(name)
        if type(module) in WRITTEN and "attn_pool" not in name and kind in kinds:
            modules[module] = (name, kind)
    return modules


def kind_of(name: str) -> Kind:
    """What attends to what in the module of this name."""
    if name.startswith("visual."):
        return "image"
    return "text→image" if ".cross_attn." in name else "text"


@contextmanager
def record_towers(network: nn.Module, recorder: Recorder) -> Iterator[Recording]:
    """Lets ``recorder`` mix the values of the attention layers of ``network`` inside the ``with``; it leaves no hook
    behind.

    Raises:
        RuntimeError: if the network is being recorded already: two recordings would mix.
    """
    with alone(network), ExitStack() as undo:
        for module, (name, kind) in sites(network, [kind for kind in KINDS if recorder.observes(kind)]).items():
            replaces = kind in recorder.kinds
            replace_attention(module, partial(recorder.attend, name, kind), undo, replaces)
        text: Any = getattr(network, "text", None)
        if recorder.observes("text") and text is not None and is_hugging_face(text):
            names = {module: f"text.{name}" for name, module in text.named_modules()}

            def mix(module: nn.Module, heads: Heads) -> Tensor | None:
                return recorder.attend(names[module], "text", heads)

            undo.enter_context(listening(text.transformer, mix))
        yield recorder.recording


_beginning = threading.Lock()
_replaced: WeakSet[nn.Module] = WeakSet()  # not an attribute of the model, which must stay fit to be copied


@contextmanager
def alone(network: nn.Module) -> Iterator[None]:
    """Claims a network whose attention is to be replaced. Raises RuntimeError if that is done already."""
    with _beginning:
        if network in _replaced:
            raise RuntimeError("this model is being recorded already")
        _replaced.add(network)
    try:
        yield
    finally:
        _replaced.discard(network)


def replace_attention(module: nn.Module, attend: Attend, undo: ExitStack, always: bool = True) -> None:
    """Lets ``attend`` mix the values whenever ``module``, one of ``WRITTEN``, runs in this thread, until ``undo``
    closes.

    Where ``attend`` does so ``always``, the module itself is spared the work. Otherwise it may return None to keep what
    the module answers.
    """
    owner = threading.get_ident()
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def before(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if threading.get_ident() != owner:
            return None
        calls.append((args, kwargs))
        return one_token(module, args, kwargs) if always else None

    def after(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        if threading.get_ident() != owner:
            return None
        args, kwargs = calls.pop()
        return run_written(module, attend, *args, **kwargs)

    for handle in (
        module.register_forward_pre_hook(before, with_kwargs=True),
        module.register_forward_hook(after, with_kwargs=True),
    ):
        undo.callback(handle.remove)
