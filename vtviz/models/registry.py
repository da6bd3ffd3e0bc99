"""The models by name. A family is a subpackage with a module ``family`` that has the functions of ``Family``, or a
plug-in (see ``vtviz.models.register``)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, cast

import torch

import vtviz.models
from vtviz.models.base import Family, FusionModel, ModelError, ModelInfo
from vtviz.models.plugins import plugin_families

DEFAULT_MODEL = "vtviz-base"
OTHER = "other"


def families() -> tuple[Family, ...]:
    """Every family: those under ``vtviz.models``, then those of plug-ins."""
    return (*_own_families(), *plugin_families())


@cache
def _own_families() -> tuple[Family, ...]:
    packages = [package.name for package in pkgutil.iter_modules(vtviz.models.__path__) if package.ispkg]
    return tuple(cast(Family, importlib.import_module(f"vtviz.models.{name}.family")) for name in packages)


def model_infos() -> list[ModelInfo]:
    """Every model that can be asked for by name, the default one first."""
    found = [info for family in families() for info in family.infos()]
    return sorted(found, key=lambda info: info.name != DEFAULT_MODEL)


@lru_cache(maxsize=256)
def offered_name(name: str) -> str:
    """The name of a model for figures and logs: one of those that can be asked for, without its options, else
    ``other``, for whoever asks may write anything, and a path."""
    known = name.partition("?")[0]
    return known if known in {info.name for info in model_infos()} else OTHER


def described_models(infos: Sequence[ModelInfo]) -> list[dict[str, Any]]:
    """What programs are told of models."""
    keys = ("name", "label", "description", "licence", "available")
    return [{**{key: getattr(each, key) for key in keys}, "targets": list(each.abilities.kinds)} for each in infos]


def model_info(name: str) -> ModelInfo | None:
    """What is known of a model before it is loaded, whatever its options; None where that is nothing.

    Raises:
        ModelError: if a family knows the name, and it cannot be meant.
    """
    for family in families():
        about = getattr(family, "info", None)
        known = about(name) if about else next((info for info in family.infos() if info.name == name), None)
        if known is not None:
            return cast(ModelInfo, known)
    return None


def search_models(text: str) -> tuple[list[ModelInfo], list[ModelError]]:
    """The models whose name, label or description a text is in, and those that families find elsewhere; and why a
    family could not ask where it looks."""
    infos = [info for info in model_infos() if text.lower() in f"{info.name} {info.label} {info.description}".lower()]
    errors = list[ModelError]()
    for family in families():
        search = getattr(family, "search", None)
        try:
            infos += search(text) if search is not None else []
        except ModelError as error:
            errors.append(error)
    return infos, errors


def opened_path(name: str) -> str:
    """The file or folder that loading a model opens by name, as it was written; "" where the name holds none."""
    for family in families():
        own = getattr(family, "path_of", None)
        path = own(name) if own else ""
        if path:
            return str(path)
    return name.partition("?")[0].partition("@")[2]


def load_model(name: str, device: torch.device | None = None) -> FusionModel:
    """A model by name, on a device (the CPU).

    Raises:
        ModelError: if no family knows the name, or the weights are missing or damaged.
    """
    for family in families():
        model = family.load(name, device or torch.device("cpu"))
        if model is not None:
            return model
    known = ", ".join(info.name for info in model_infos())
    raise ModelError("There is no model called {name}; choose one of: {known}.", name=name, known=known)
