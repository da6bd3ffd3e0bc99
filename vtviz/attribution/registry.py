"""The attribution methods by name: every module under ``methods`` has a ``METHOD``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any

import vtviz.attribution.methods
from vtviz.attribution.base import AND_GRADIENT, ONE_PASS, Method
from vtviz.inputs import InputError
from vtviz.models.base import FusionModel, TargetKind
from vtviz.models.registry import model_infos


@cache
def methods() -> dict[str, Method]:
    """Every method, by name."""
    packages = pkgutil.walk_packages(vtviz.attribution.methods.__path__, f"{vtviz.attribution.methods.__name__}.")
    modules = [importlib.import_module(item.name) for item in packages if not item.ispkg]
    return {module.METHOD.name: module.METHOD for module in sorted(modules, key=lambda module: module.METHOD.name)}


def find_method(name: str) -> Method:
    """The method of this name.

    Raises:
        InputError: if there is none.
    """
    if name not in methods():
        known = ", ".join(sorted(methods()))
        raise InputError("There is no method called {name}; choose one of: {known}.", name=name, known=known)
    return methods()[name]


def usual_method(model: FusionModel, target: TargetKind) -> Method:
    """The model's default method, or the cheapest other one where the default is not defined for the target."""
    usual = find_method(model.default_method)
    by_cost = sorted(methods().values(), key=lambda method: (method.perturbs, method.needs_gradient, method.name))
    defined = (method for method in (usual, *by_cost) if method.supports(model.abilities, target) is None)
    return next(defined, usual)


def where_defined(method: Method) -> dict[str, Any]:
    """For each known model the targets that a method is defined for, and for each other target the reason."""
    defined = {}
    for info in model_infos():
        reasons = {target: method.supports(info.abilities, target) for target in info.abilities.kinds}
        defined[info.name] = {
            "targets": [target for target, reason in reasons.items() if reason is None],
            "reasons": {target: str(reason) for target, reason in reasons.items() if reason is not None},
        }
    return defined


def described_methods() -> list[dict[str, Any]]:
    """What programs are told of the methods, with the models and targets that each supports."""
    keys = ("name", "label", "formula", "paper", "cost", "signed", "maps_of", "scores_words")
    return [
        {
            **{key: getattr(method, key) for key in keys},
            "options": {name: vars(choice) for name, choice in method.options.items()},
            "models": where_defined(method),
        }
        for method in methods().values()
    ]


GROUPS = ("one", "gradient", "many")


def group_of(method: Method) -> str:
    """One pass, one pass and its gradient, or many passes."""
    return {ONE_PASS: "one", AND_GRADIENT: "gradient"}.get(method.cost, "many")


def in_groups() -> list[str]:
    """The names of the methods, cheap ones first."""
    return sorted(methods(), key=lambda name: (GROUPS.index(group_of(methods()[name])), name))
