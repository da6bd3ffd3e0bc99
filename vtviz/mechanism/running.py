"""Runs a model on a photo and a text, for all of its targets, and keeps what goes through its units."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from vtviz.inputs import InputError
from vtviz.machine import synchronise
from vtviz.mechanism.units import Unit, parts
from vtviz.mechanism.watching import Seen, gates_in, seen_in
from vtviz.models.base import EncodedText, FusionModel, Target, TargetKind
from vtviz.models.record import KINDS
from vtviz.models.recorder import Recording


@dataclass
class Pass:
    """What one run of all targets showed.

    That is the ``order`` in which modules or units ran, the target that each ran for ``first`` (of ``""``, the one that
    runs now), what was ``seen`` at their ends, the seconds ``spent`` in them, how far the ``gates`` opened, and the
    attention, a recording per target.
    """

    order: list[str] = field(default_factory=list)
    first: dict[str, TargetKind] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)
    gates: dict[str, float] = field(default_factory=dict)
    recordings: list[Recording] = field(default_factory=list)


def _targets(model: FusionModel, features: Tensor, text: EncodedText) -> Iterator[TargetKind]:
    """Runs every target that the model has for this text, the match first."""
    places: dict[TargetKind, int] = {"caption": -1}
    for kind in sorted(model.abilities.kinds, key=lambda kind: kind != "match"):
        yield kind
        try:
            model.score(features, text, Target(kind, places.get(kind, 0)))
        except InputError:
            continue  # a caption that the model cannot write


def _once(model: FusionModel, pixels: Tensor, text: EncodedText, into: Pass, record: bool) -> None:
    """One pass of every target, from the pixels; each target is the one that what runs now runs for."""
    with torch.inference_mode(), ExitStack() as undo:
        recording = undo.enter_context(model.record(KINDS)) if record else None
        into.first[""] = "match"
        features = model.encode_pixels(pixels)
        for kind in _targets(model, features, text):
            into.first[""] = kind
            if recording is not None and kind != "match":
                undo.close()
                into.recordings.append(recording)
                recording = undo.enter_context(model.record(KINDS))
        if recording is not None:
            into.recordings.append(recording)


def modules_called(model: FusionModel, network: nn.Module, pixels: Tensor, text: EncodedText) -> Pass:
    """Which modules run, in their order."""
    result = Pass()
    names = {module: name for name, module in network.named_modules()}
    with ExitStack() as undo:
        for module in names:
            undo.callback(module.register_forward_hook(lambda m, *_: result.order.append(names[m])).remove)
        _once(model, pixels, text, result, record=True)
    return result


def watch_units(model: FusionModel, network: nn.Module, units: list[Unit], pixels: Tensor, text: EncodedText) -> Pass:
    """What goes through every unit."""
    result = Pass()
    with ExitStack() as undo:
        for unit in units:
            for member, part in zip(unit.members, parts(network, unit), strict=True):
                undo.callback(part.register_forward_hook(_keeper(unit, member, result), with_kwargs=True).remove)
            if unit.layers and len(unit.members) == 1:
                ends = (network.get_submodule(unit.layers[0]), network.get_submodule(unit.layers[-1]))
                undo.callback(ends[0].register_forward_hook(_ends(unit, result, 0), with_kwargs=True).remove)
                undo.callback(ends[1].register_forward_hook(_ends(unit, result, 1), with_kwargs=True).remove)
        for name, gate in gates_in(network):
            undo.callback(gate.register_forward_hook(_gate(name, result)).remove)
        _once(model, pixels, text, result, record=True)
    return result


def _keeper(unit: Unit, member: str, result: Pass) -> Any:
    def keep(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        target = result.first[""]
        if result.first.setdefault(unit.name, target) != target:
            return
        seen = result.seen.setdefault(unit.name, Seen())
        if member == unit.members[0] and not seen.inputs:
            result.order.append(unit.name)
            seen.inputs = seen_in((args, kwargs))
        if member == unit.members[-1]:
            seen.outputs = seen_in(output)

    return keep


def _ends(unit: Unit, result: Pass, end: int) -> Any:
    def keep(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        seen = result.seen.setdefault(unit.name, Seen())
        if end == 0 and not seen.inner[0]:
            seen.inner[0] = seen_in((args, kwargs))
        elif end == 1 and not seen.inner[1]:
            seen.inner[1] = seen_in(output)

    return keep


def _gate(name: str, result: Pass) -> Any:
    def keep(module: nn.Module, args: Any, output: Tensor) -> None:
        result.gates.setdefault(name, float(torch.sigmoid(output).mean()))

    return keep


def time_units(
    model: FusionModel, network: nn.Module, units: list[Unit], pixels: Tensor, text: EncodedText
) -> dict[str, float]:
    """The seconds that every unit takes, without a recorder, for the first target that it runs for."""
    result, began = Pass(), dict[nn.Module, float]()

    def start(module: nn.Module, *_: Any) -> None:
        synchronise(model.device)
        began[module] = time.perf_counter()

    def end(unit: str, module: nn.Module) -> None:
        synchronise(model.device)
        target = result.first[""]
        if result.first.setdefault(unit, target) == target:
            result.spent[unit] = result.spent.get(unit, 0.0) + time.perf_counter() - began.pop(module)

    with ExitStack() as undo:
        for unit in units:
            for part in parts(network, unit):
                undo.callback(part.register_forward_pre_hook(start).remove)
                undo.callback(part.register_forward_hook(lambda m, *_, name=unit.name: end(name, m)).remove)
        _once(model, pixels, text, result, record=False)
    return result.spent
