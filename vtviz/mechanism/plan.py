"""The plan of a whole network: its units in the order in which they run, with what a photo and a text do in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import nn

from vtviz.inputs import ImageInput, InputError
from vtviz.mechanism.running import Pass, modules_called, time_units, watch_units
from vtviz.mechanism.units import Unit, parameters, parts, units_of
from vtviz.mechanism.watching import lane_of, rows_of
from vtviz.models.base import EncodedText, FusionModel, TargetKind
from vtviz.models.record import KINDS, Kind, entropy
from vtviz.models.recorder import Recording

Lane = Literal["image", "text", "fusion", "joined", "output"]
RUNS = 2  # of each target; the quicker counts


@dataclass(frozen=True)
class Block:
    """One unit of a network and what it did with a photo and a text.

    ``target`` is the first target that it ran for; ``share`` its share of the time of all units; ``inputs`` and
    ``outputs`` are shapes. ``attention`` lists its attention layers as kind, index among those of that kind, and mean
    entropy. ``gates`` says how far each gate opened, by its name. ``norm`` is the mean length of the vectors that leave
    (None for an output). ``similarity`` is the cosine of each token of the text to itself before and after, and
    ``norms`` their lengths after; None where the tokens do not pass.
    """

    name: str
    type: str
    lane: Lane
    target: TargetKind
    layers: int
    parameters: int
    share: float
    milliseconds: float
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]
    attention: tuple[tuple[Kind, int, float], ...]
    gates: tuple[tuple[str, float], ...]
    norm: float | None
    similarity: tuple[float, ...] | None
    norms: tuple[float, ...] | None


@dataclass(frozen=True)
class Plan:
    """The blocks of a network in the order in which they ran, the number of ``text`` positions and of ``patches``, all
    ``parameters``, and the ``targets`` of the model."""

    blocks: tuple[Block, ...]
    text: int
    patches: int
    parameters: int
    targets: tuple[TargetKind, ...]


def draw_plan(model: FusionModel, image: ImageInput, text: EncodedText) -> Plan:
    """The plan of a model's network, from running it on a photo and one text.

    Raises:
        InputError: if the model does not show its network.
    """
    network = getattr(model, "network", None)
    if not isinstance(network, nn.Module):
        raise InputError("The model {model} does not show its network; choose another.", model=model.name)
    pixels = model.pixels(image)
    called = modules_called(model, network, pixels, text)
    attending = [layer.name for recording in called.recordings for layer in recording.layers]
    units = units_of(network, called.order, attending)
    watched = watch_units(model, network, units, pixels, text)
    names = [unit.name for unit in units if unit.name in watched.first]
    names.sort(key=watched.order.index)
    timings = [time_units(model, network, units, pixels, text) for _ in range(RUNS)]
    times = {name: min(timing.get(name, 0.0) for timing in timings) for name in names}
    by_name = {unit.name: unit for unit in units}
    sizes = (text.ids.shape[1], model.grid[0] * model.grid[1])
    blocks = [_block(network, by_name[name], watched, times, sizes) for name in names]
    every = tuple(_beside(block, blocks) for block in blocks)
    return Plan(every, *sizes, sum(value.numel() for value in network.parameters()), tuple(model.abilities.kinds))


def _block(network: nn.Module, unit: Unit, watched: Pass, times: dict[str, float], sizes: tuple[int, int]) -> Block:
    seen = watched.seen[unit.name]
    attention = tuple(_attention(unit, watched.recordings))
    kinds = {kind for kind, _, _ in attention}
    lane = "output" if watched.first[unit.name] != "match" else lane_of(kinds, seen, *sizes)
    before, after = (None, None) if lane == "output" else rows_of(seen, *sizes)
    similarity = norms = None
    if before is not None and after is not None and before.shape == after.shape:
        similarity = tuple(torch.cosine_similarity(before, after, dim=-1).tolist())
    if after is not None:
        norms = tuple(after.norm(dim=-1).tolist())
    every = [value for value in seen.outputs if value.ndim >= 2 and value.is_floating_point()]
    return Block(
        name=unit.name,
        type=type(parts(network, unit)[0]).__name__,
        lane=lane,
        target=watched.first[unit.name],
        layers=len(unit.layers),
        parameters=parameters(network, unit),
        share=times[unit.name] / max(sum(times.values()), 1e-12),
        milliseconds=1000 * times[unit.name],
        inputs=tuple(tuple(value.shape) for value in seen.inputs),
        outputs=tuple(tuple(value.shape) for value in seen.outputs),
        attention=attention,
        gates=tuple((name, value) for name, value in watched.gates.items() if name.startswith(f"{unit.name}.")),
        norm=float(every[0].float().norm(dim=-1).mean()) if every and lane != "output" else None,
        similarity=similarity,
        norms=norms,
    )


def _beside(block: Block, blocks: list[Block]) -> Block:
    """An output that lies in a tower belongs to the tower, such as the projection of its vector."""
    tower, dot, _ = block.name.partition(".")
    lanes: set[Lane] = {
        other.lane for other in blocks if dot and other.attention and other.name.startswith(f"{tower}.")
    }
    if block.lane == "output" and len(lanes) == 1 and lanes <= {"image", "text"}:
        return replace(block, lane=lanes.pop())
    return block


def _attention(unit: Unit, recordings: list[Recording]) -> Iterator[tuple[Kind, int, float]]:
    """The attention layers of a unit, as far as they ran for the first target that they ran for."""
    done = set[str]()
    for recording in recordings:
        counts = dict.fromkeys(KINDS, 0)
        for layer in recording.layers:
            inside = any(layer.name == member or layer.name.startswith(f"{member}.") for member in unit.members)
            if inside and layer.name not in done:
                done.add(layer.name)
                yield layer.kind, counts[layer.kind], float(entropy(layer.weights.float()).mean())
            counts[layer.kind] += 1
