"""The steps of attention read out of one layer of a real model, while it judges a photo and a text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vtviz.inputs import InputError
from vtviz.mechanism.attention import softmax
from vtviz.models.base import MATCH, EncodedText, FusionModel
from vtviz.models.record import KINDS, Kind
from vtviz.models.recorder import RecordedLayer


@dataclass(frozen=True, eq=False)
class Gated:
    """What a layer does with its weighted sums, ``[queries, width]`` each.

    ``before`` it; ``attended``, the joined heads after the output projection; ``gate`` in 0..1 (all ones where the
    network has none); ``after``, the model's own before + gate · attended.
    """

    before: np.ndarray
    attended: np.ndarray
    gate: np.ndarray
    after: np.ndarray


@dataclass(frozen=True, eq=False)
class LayerSteps:
    """One attention layer of one pass, in float32.

    ``query [heads, queries, size]``, ``key`` and ``value [heads, keys, size]``; the model's own ``weights [heads,
    queries, keys]``. ``layer`` counts among the ``layers`` of this kind. ``gated`` is None where the layer's network is
    not known. ``differs`` says how far what is multiplied out of query, key and value is from the model's own: the
    largest difference of the weights, and of ``after`` where there is one.
    """

    kind: Kind
    layer: int
    layers: int
    query: np.ndarray
    key: np.ndarray
    value: np.ndarray
    weights: np.ndarray
    gated: Gated | None
    differs: tuple[float, float | None]


def layer_steps(
    model: FusionModel, features: Tensor, text: EncodedText, kind: Kind, layer: int, pixels: Tensor | None = None
) -> LayerSteps:
    """The steps of one layer of a kind, counted from 0.

    Args:
        model: judges how well photo and text match.
        features: of the photo, ``[1, patches, channels]``.
        text: one text, whose every piece is real.
        kind: what attends to what.
        layer: counted among the layers of this kind.
        pixels: of the photo, for a model whose image tower attends too.

    Raises:
        InputError: if there is no such layer.
    """
    with torch.inference_mode(), model.record({kind}) as recording, _watched(_network(model)) as seen:
        if model.attention_in_pixels and pixels is not None:
            features = model.encode_pixels(pixels)
        model.score(features, text, MATCH)
    found = recording.layers_of(kind)
    if not 0 <= layer < len(found):
        raise InputError(
            "There is no {kind} layer {layer}: layer numbers start at 0 and stay below {count}.",
            kind=kind,
            layer=layer,
            count=len(found),
        )
    return _steps(found[layer], layer, len(found), seen.get(found[layer].name.rpartition(".")[0]), _network(model))


def kinds_of(model: FusionModel) -> tuple[Kind, ...]:
    """The kinds of attention that run when the model judges a match, in the order of KINDS."""
    return tuple(kind for kind in KINDS if kind in model.abilities.kinds[MATCH.kind])


def _steps(record: RecordedLayer, layer: int, layers: int, seen: dict[str, Tensor] | None, network: Any) -> LayerSteps:
    query, key, value, weights = (_array(getattr(record, side)) for side in ("query", "key", "value", "weights"))
    own = softmax(query.astype(float) @ key.astype(float).transpose(0, 2, 1) / np.sqrt(query.shape[-1]))
    gated, difference = None, None
    if seen is not None and {"before", "attended", "after"} <= seen.keys():
        gate = torch.sigmoid(seen["gate"]) if "gate" in seen else torch.ones_like(seen["attended"])
        before, after = _array(seen["before"]), _array(seen["after"])
        gated = Gated(before, _array(seen["attended"]), _array(gate), after)
        output = network.get_submodule(record.name).output
        joined = (own @ value.astype(float)).transpose(1, 0, 2).reshape(len(before), -1)
        attended = joined @ _plain(output.weight).T + _plain(output.bias)
        difference = float(np.abs(before + gated.gate * attended - after).max())
    differs = (float(np.abs(own - weights).max()), difference)
    return LayerSteps(record.kind, layer, layers, query, key, value, weights, gated, differs)


@contextmanager
def _watched(network: nn.Module | None) -> Iterator[dict[str, dict[str, Tensor]]]:
    """What passes through every part of a network that attends, gates and feeds forward, by the part's name."""
    seen: dict[str, dict[str, Tensor]] = {}
    with ExitStack() as undo:
        for name, part in network.named_modules() if network is not None else ():
            if isinstance(getattr(part, "attention", None), nn.Module) and hasattr(part, "feed_forward"):
                _watch(part, seen.setdefault(name, {}), undo)
        yield seen


def _watch(part: Any, seen: dict[str, Tensor], undo: ExitStack) -> None:
    def keep(name: str, value: Tensor) -> None:
        seen[name] = value.detach()

    handles = [
        part.register_forward_pre_hook(lambda _, inputs: keep("before", inputs[0])),
        part.attention.register_forward_hook(lambda _, inputs, output: keep("attended", output)),
        part.feed_forward.register_forward_pre_hook(lambda _, inputs: keep("after", inputs[0])),
    ]
    if isinstance(getattr(part, "gate", None), nn.Module):
        handles.append(part.gate.register_forward_hook(lambda _, inputs, output: keep("gate", output)))
    for handle in handles:
        undo.callback(handle.remove)


def _network(model: FusionModel) -> Any:
    """The network of a model, where it shows one."""
    network = getattr(model, "network", None)
    return network if isinstance(network, nn.Module) else None


def _array(values: Tensor) -> np.ndarray:
    """The only item of a batch."""
    array: np.ndarray = values.detach()[0].float().cpu().numpy()
    return array


def _plain(values: Tensor) -> np.ndarray:
    array: np.ndarray = values.detach().double().cpu().numpy()
    return array
