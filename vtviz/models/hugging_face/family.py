"""Models of transformers by name. transformers itself is imported when one is loaded: that takes seconds."""

from __future__ import annotations

import importlib
from typing import cast

import torch

from vtviz.models.base import FusionModel, ModelInfo
from vtviz.models.hugging_face.abilities import ARCHITECTURES
from vtviz.models.hugging_face.loading.checks import need_files, need_readable
from vtviz.models.hugging_face.loading.estimate import download_mb, memory_mb
from vtviz.models.hugging_face.loading.faults import need_transformers
from vtviz.models.hugging_face.loading.files import configuration, is_here, names_in
from vtviz.models.hugging_face.names import PREFIX, parse, path_of
from vtviz.models.open_clip.faults import faults_told

__all__ = ["info", "infos", "load", "path_of", "search"]
OWN, LICENCE = "A model of your own choice.", "see its source"


def infos() -> list[ModelInfo]:
    """None: any model of an architecture in ``abilities`` loads by its name."""
    return []


def info(name: str) -> ModelInfo | None:
    """What the configuration of a model says, or None where the name belongs to another family.

    Raises:
        ModelError: if the name cannot be understood, there is no such model, or vtviz does not support it.
    """
    spec = parse(name)
    if spec is None:
        return None
    with faults_told(name):
        config = configuration(spec)
        known = ARCHITECTURES[need_readable(spec.shown, config)]
        if spec.folder is not None:
            need_files(spec.shown, names_in(spec.folder))
        here = is_here(spec)
        size = None if here else download_mb(config)
        memory = memory_mb(config, spec.dtype)
        return ModelInfo(name, spec.shown, OWN, LICENCE, here, known.abilities, size, memory_mb=memory)


def search(text: str) -> list[ModelInfo]:
    """The models of the hub that a text finds and vtviz can read, by their configurations alone.

    Raises:
        ModelError: if the hub cannot be asked.
    """
    from vtviz.models.hugging_face.loading.hub import search as ask

    return [
        ModelInfo(
            f"{PREFIX}{found.name}",
            found.name,
            found.architecture,
            LICENCE,
            False,
            ARCHITECTURES[found.architecture].abilities,
            found.size_mb,
            memory_mb=found.memory_mb,
        )
        for found in ask(text)
        if found.architecture in ARCHITECTURES
    ]


def load(name: str, device: torch.device) -> FusionModel | None:
    """The model, or None where the name belongs to another family. Raises ModelError where it cannot be loaded."""
    spec = parse(name)
    if spec is None:
        return None
    need_transformers(spec.shown)
    from vtviz.models.hugging_face.loading.load import load_parts
    from vtviz.models.hugging_face.loading.quiet import quiet

    with faults_told(name), quiet():
        parts = load_parts(spec, device)
        known = ARCHITECTURES[parts.architecture]
        module = importlib.import_module(f"vtviz.models.hugging_face.{known.module}")
        model = getattr(module, known.reader)(parts)
        if spec.registers:
            from vtviz.models.open_clip.registers.repair import add_register

            add_register(model)
        return cast(FusionModel, model)
