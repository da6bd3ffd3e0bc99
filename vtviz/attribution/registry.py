"""The attribution methods by name: every module of this package that has a ``METHOD``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import vtviz.attribution
from vtviz.attribution.base import Method
from vtviz.inputs import InputError


@cache
def methods() -> dict[str, Method]:
    """Every method, by name."""
    modules = (
        importlib.import_module(f"vtviz.attribution.{each.name}")
        for each in pkgutil.iter_modules(vtviz.attribution.__path__)
    )
    found: list[Method] = [module.METHOD for module in modules if hasattr(module, "METHOD")]
    return {method.name: method for method in found}


def find_method(name: str) -> Method:
    """The method of this name.

    Raises:
        InputError: if there is none.
    """
    if name not in methods():
        known = ", ".join(sorted(methods()))
        raise InputError("There is no method called {name}; the methods are: {known}.", name=name, known=known)
    return methods()[name]
