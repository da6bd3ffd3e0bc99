"""The models of an audit, and the way to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from vtviz.attribution.registry import find_method
from vtviz.audit.row import target_of
from vtviz.audit.settings import Settings
from vtviz.models.base import FusionModel

Value = TypeVar("Value")


class Door(Protocol):
    """The way to a model: runs ``work`` with the model of a name, while nobody else runs it."""

    def __call__(self, name: str, work: Callable[[FusionModel], Value], /) -> Value: ...


@dataclass(frozen=True)
class About:
    """A model and its methods, as the report names them."""

    name: str
    weights_sha256: str
    device: str
    methods: tuple[str, ...]


def look_up(settings: Settings, door: Door) -> list[About]:
    """The models of an audit with their methods.

    Raises:
        InputError: if a method is not defined for a model.
        ModelError: if a model cannot be loaded.
    """

    def about(model: FusionModel) -> tuple[str, str, tuple[str, ...]]:
        methods = settings.methods_of(model)
        for method in methods:
            reason = find_method(method).supports(model.abilities, target_of(model).kind)
            if reason:
                raise reason
        return model.weights_sha256, str(model.device), methods

    return [About(name, *door(name, about)) for name in settings.models]
