"""Whatever goes wrong while a model of transformers is looked up or loaded, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vtviz.models.base import ModelError

INSTALL = "pip install 'transformers>=5.24,<6'"


def need_transformers(name: str) -> None:
    """Raises ModelError where the package transformers is not installed."""
    try:
        import transformers  # noqa: F401
    except ImportError as error:
        raise ModelError(
            "{name} needs the package transformers; install it: {command}.", name=name, command=INSTALL
        ) from error


def unsupported(shown: str, architecture: str, config: Mapping[str, Any]) -> ModelError:
    """An architecture that vtviz does not read, or that only code of its repository could."""
    if "auto_map" in config:
        return ModelError(
            "{name} needs the code in its repository, which vtviz never runs; choose a model of an architecture that "
            "docs/models.md lists.",
            name=shown,
        )
    return ModelError(
        "vtviz does not support the architecture {architecture} of {name}; docs/models.md lists those that it does.",
        architecture=architecture,
        name=shown,
    )


def lacks(shown: str, what: str) -> ModelError:
    """A folder or repository without a file that the model needs."""
    return ModelError(
        "{name} lacks {files}, without which photos and texts cannot be prepared as in training; add it from the "
        "model's source.",
        name=shown,
        files=what,
    )


def no_weights(shown: str) -> ModelError:
    """A folder without weights, or with a part of them."""
    return ModelError(
        "{name} has no weights, or some of their files are missing; add its *.safetensors files.", name=shown
    )


def pickle_only(shown: str) -> ModelError:
    """Weights that could run code."""
    return ModelError(
        "{name} holds its weights only as pickle files, and loading those could run code; choose a revision with "
        "safetensors, or convert them as docs/models.md explains.",
        name=shown,
    )
