"""The door for models of other packages: ``register``, or an entry point of the group ``vtviz.models``.

An entry point names an object with the two functions of a ``Family``: a module, or an instance of a class.
"""

from __future__ import annotations

import importlib.metadata
import logging
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vtviz.models.base import Family

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
    """The families that were registered, then those of installed packages."""
    return (*_registered, *_installed())


@cache
def _installed() -> tuple[Family, ...]:
    families: list[Family] = []
    for point in importlib.metadata.entry_points(group=GROUP):
        try:
            families.append(point.load())
        except Exception:  # another package's fault must not take the others down
            log.exception("The plug-in %s cannot be loaded", point.name)
    return tuple(families)
