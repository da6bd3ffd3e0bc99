"""The attention of networks of transformers: through its door for attention functions of other packages where a
network uses it, else written out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn
from transformers.models.blip.modeling_blip import BlipAttention
from transformers.models.blip.modeling_blip_text import BlipTextSelfAttention
from transformers.models.vilt.modeling_vilt import ViltSelfAttention

from vtviz.models.attention import Heads
from vtviz.models.joined import Joined, attend_joined
from vtviz.models.open_clip.towers.attention import WRITTEN, Attend, Written
from vtviz.models.open_clip.towers.capture import alone, replace_attention
from vtviz.models.open_clip.towers.hf_attention import NAME, mixing, register_attention
from vtviz.models.record import KINDS, Kind
from vtviz.models.recorder import Recorder, Recording

# What attends to what in a layer; of one that joins both, where they stand in the sequence that runs.
Place = Kind | Callable[[], Joined]
EAGER = "eager"


def register(network: Any) -> str:
    """The attention that a class of networks is to load with: vtviz's own, which is the library's fastest until
    somebody records, or the only one that the network has."""
    if not getattr(network, "_supports_attention_backend", False) and not getattr(network, "_supports_sdpa", False):
        return EAGER
    register_attention()
    return NAME


@contextmanager
def record_network(network: nn.Module, recorder: Recorder, layers: Mapping[str, Place]) -> Iterator[Recording]:
    """Lets ``recorder`` mix the values of ``layers``, modules of ``network`` by name, inside the ``with``; it leaves no
    hook behind.

    Raises:
        RuntimeError: if the network is being recorded already: two recordings would mix.
    """
    seen = {name: place for name, place in layers.items() if _is_seen(recorder, place)}
    with alone(network), ExitStack() as undo:
        inside: dict[nn.Module, Attend] = {}
        for name, place in seen.items():
            module = network.get_submodule(name)
            attend = attend_at(recorder, name, place)
            if type(module) in WRITTEN:
                replace_attention(module, attend, undo, _is_always(recorder, place))
            else:
                inside[module] = attend
        if inside:
            undo.enter_context(mixing(lambda module, heads: inside[module](heads) if module in inside else None))
        yield recorder.recording


def attend_at(recorder: Recorder, name: str, place: Place) -> Attend:
    """What mixes the values of a layer while it is recorded."""
    if callable(place):
        return lambda heads: attend_joined(recorder, name, heads, place())
    return partial(recorder.attend, name, place)


def _is_seen(recorder: Recorder, place: Place) -> bool:
    return any(recorder.observes(kind) for kind in KINDS) if callable(place) else recorder.observes(place)


def _is_always(recorder: Recorder, place: Place) -> bool:
    """Whether a layer's own answer is never needed."""
    return bool(recorder.kinds) if callable(place) else place in recorder.kinds


def _project_blip(module: BlipAttention, hidden_states: Tensor, **_: Any) -> Heads:
    parts = module.qkv(hidden_states).unflatten(-1, (3, module.num_heads, -1)).permute(2, 0, 3, 1, 4)
    return Heads(parts[0], parts[1], parts[2], None, module.scale, "factor")


def _output_blip(module: BlipAttention, mixed: Tensor, *_: Any, **__: Any) -> tuple[Tensor, None]:
    return module.projection(mixed.transpose(1, 2).flatten(2)), None


def _project_text(
    module: BlipTextSelfAttention | ViltSelfAttention,
    hidden_states: Tensor,
    attention_mask: Tensor | None = None,
    encoder_hidden_states: Tensor | None = None,
    encoder_attention_mask: Tensor | None = None,
    **_: Any,
) -> Heads:
    crosses = isinstance(encoder_hidden_states, Tensor)
    source: Tensor = encoder_hidden_states if crosses else hidden_states  # type: ignore[assignment]
    size = module.attention_head_size
    query, key, value = (
        project(states).unflatten(-1, (-1, size)).transpose(1, 2)
        for project, states in ((module.query, hidden_states), (module.key, source), (module.value, source))
    )
    mask = encoder_attention_mask if crosses else attention_mask
    return Heads(query, key, value, mask, size**0.5, "scores")


def _output_text(module: nn.Module, mixed: Tensor, *_: Any, **__: Any) -> tuple[Tensor, None]:
    return mixed.transpose(1, 2).flatten(2), None


WRITTEN.update(
    {
        BlipAttention: Written(_project_blip, _output_blip),
        BlipTextSelfAttention: Written(_project_text, _output_text),
        ViltSelfAttention: Written(_project_text, _output_text),
    }
)
