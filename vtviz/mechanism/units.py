"""A network as a few units that a person can follow, found in the network itself: whatever runs as one module."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby

from torch import nn

MOST_ALIKE = 4  # more modules of one class in a row are one unit


@dataclass(frozen=True)
class Unit:
    """Modules that are shown as one, by their names in the network; ``layers`` are equal ones in a row inside it."""

    name: str
    members: tuple[str, ...]
    layers: tuple[str, ...] = ()


def units_of(network: nn.Module, called: Collection[str], attending: Collection[str] = ()) -> list[Unit]:
    """The units of a network, in the order of its definition.

    Args:
        network: whose modules are named.
        called: the names of the modules that ran.
        attending: the names of the attention layers, whose repeated parents are the ``layers`` of a unit.
    """
    found = []
    for name, module in _outermost(network, "", set(called)):
        if _counts(module):
            found.append(Unit(name, (name,), _layers(module, name, attending)))
    return _together(network, found)


def parts(network: nn.Module, unit: Unit) -> list[nn.Module]:
    """The modules of a unit."""
    return [network.get_submodule(member) for member in unit.members]


def parameters(network: nn.Module, unit: Unit) -> int:
    """How many numbers a unit has learned."""
    return sum(value.numel() for part in parts(network, unit) for value in part.parameters())


def _outermost(module: nn.Module, name: str, called: set[str]) -> Iterator[tuple[str, nn.Module]]:
    """The outermost modules that ran, but for the network as a whole."""
    for child_name, child in module.named_children():
        path = f"{name}.{child_name}" if name else child_name
        if path in called:
            yield path, child
        else:
            yield from _outermost(child, path, called)


def _counts(module: nn.Module) -> bool:
    """Norms and what has nothing to learn are no units of their own."""
    return "Norm" not in type(module).__name__ and any(True for _ in module.parameters())


def _layers(module: nn.Module, name: str, attending: Collection[str]) -> tuple[str, ...]:
    """The longest row of equal modules in a unit that attend."""
    best: tuple[str, ...] = ()
    for path, inner in module.named_modules(prefix=name):
        rows = [f"{path}.{child}" for child, _ in inner.named_children()]
        inside = tuple(row for row in rows if any(_within(layer, row) for layer in attending))
        alike = len({type(child) for child in inner.children()}) == 1
        if alike and len(inside) > max(1, len(best)):
            best = inside
    return best


def _together(network: nn.Module, units: list[Unit]) -> list[Unit]:
    """Many modules of one class in one list are one unit."""
    result: list[Unit] = []

    def likeness(unit: Unit) -> tuple[str, type[nn.Module]]:
        return unit.name.rpartition(".")[0], type(network.get_submodule(unit.name))

    for (parent, _), group in groupby(units, likeness):
        row = list(group)
        if len(row) > MOST_ALIKE and parent:
            members = tuple(unit.name for unit in row)
            result.append(Unit(parent, members, members))
        else:
            result += row
    return result


def _within(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")
