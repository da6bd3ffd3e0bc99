"""Folders of models of a person's own training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vtviz.files import is_file
from vtviz.models.base import ModelError


def need_files(folder: Path, files: Sequence[str]) -> None:
    """Raises ModelError where a folder lacks files of a model; it names them."""
    missing = [name for name in files if not is_file(folder / name)]
    if missing:
        raise ModelError(
            "The model folder {folder} lacks {files}; train the model, or copy it into this folder.",
            folder=folder.name,
            files=", ".join(missing),
        )
