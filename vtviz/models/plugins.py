"""The door for models of other packages: ``register``, or an entry point of the group ``vtviz.models``.

An entry point names an object with the two functions of a ``Family``: a module, or an instance of a class.
"""

from __future__ import annotations

import importlib.metadata
import logging
from functools import cache
from typing import TYPE_CHECKING, cast

from vtviz.errors import UserError
from vtviz.machine import is_out_of_memory

if TYPE_CHECKING:
    import torch

    from vtviz.models.base import Family, FusionModel, ModelInfo

GROUP = "vtviz.models"

log = logging.getLogger("vtviz")
_registered: list[Family] = []


def register(family: Family) -> None:
    """Adds a family: its ``infos()`` are listed, and its ``load(name, device)`` is asked for names.

    Registering the same family again changes nothing.
    """
    if family not in _registered:
        _registered.append(family)


def plugin_families() -> tuple[Family, ...]:
    """The families that were registered, then those of installed packages; what one of them does wrong costs only its
    own models."""
    return tuple(Guarded(family) for family in (*_registered, *_installed()))


class Guarded:
    """A family of another package, whose faults are told in the log and as the errors that a family may raise."""

    def __init__(self, family: Family) -> None:
        self.family = family

    def infos(self) -> list[ModelInfo]:
        """Its models; none where it cannot say."""
        try:
            return [info for info in self.family.infos() if _is_info(info)]
        except (Exception, SystemExit):
            log.exception("The plug-in %s cannot list its models", self.family)
            return []

    def info(self, name: str) -> ModelInfo | None:
        """What it knows of a name. Raises what a family may raise."""
        about = getattr(self.family, "info", None)
        if about is None:
            return next((info for info in self.infos() if info.name == name), None)
        try:
            known = about(name)
        except UserError:
            raise
        except (Exception, SystemExit):
            log.exception("The plug-in %s failed at the name %s", self.family, name)
            return None
        return cast("ModelInfo", known) if _is_info(known) else None

    def load(self, name: str, device: torch.device) -> FusionModel | None:
        """Its model of this name. Raises ModelError where it cannot be loaded."""
        from vtviz.models.base import ModelError

        try:
            return self.family.load(name, device)
        except (UserError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            if is_out_of_memory(error):
                raise MemoryError from error
            log.exception("The plug-in %s cannot load %s", self.family, name)
            raise ModelError(
                "The plug-in for {name} failed: {reason}.", name=name, reason=" ".join(str(error).split())[:200]
            ) from error


def _is_info(value: object) -> bool:
    """Whether a plug-in gave what the interface needs to know of a model."""
    texts = ("name", "label", "description", "licence", "notice")
    return all(isinstance(getattr(value, name, None), str) for name in texts) and hasattr(value, "abilities")


@cache
def _installed() -> tuple[Family, ...]:
    families: list[Family] = []
    for point in importlib.metadata.entry_points(group=GROUP):
        try:
            families.append(point.load())
        except (Exception, SystemExit):  # another package's fault must not take the others down
            log.exception("The plug-in %s cannot be loaded", point.name)
    return tuple(families)
