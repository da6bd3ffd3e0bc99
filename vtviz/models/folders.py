"""Folders of models of a person's own training."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from vtviz.files import from_home, is_file
from vtviz.models.base import ModelError
from vtviz.models.registry import model_info, model_infos, opened_path

PLACE = "VTVIZ_MODELS"  # the environment variable that names the folder a server opens models from


def need_files(folder: Path, files: Sequence[str]) -> None:
    """Raises ModelError where a folder lacks files of a model; it names them."""
    missing = [name for name in files if not is_file(folder / name)]
    if missing:
        raise ModelError(
            "The model folder {folder} lacks {files}; train the model, or copy it into this folder.",
            folder=folder.name,
            files=", ".join(missing),
        )


def need_open(name: str, local: bool, made_here: Callable[[str], bool] = lambda path: False) -> None:
    """Refuses the name of a model whose files a server does not open, in one sentence, whether they exist or not.

    Args:
        name: of the model.
        local: whether only the people of this machine reach the server; it then opens any file, unless
            ``VTVIZ_MODELS`` names a folder.
        made_here: whether the person who asks made the files at a path.

    Raises:
        ModelError: if the files lie outside the folder that ``VTVIZ_MODELS`` names.
    """
    path, folder = opened_path(name), os.environ.get(PLACE)
    if not path or (not folder and local) or made_here(path):
        return
    if not folder or not lies_in(path, folder):
        raise ModelError(
            "This server opens models only from its own folder of models; ask whoever runs it to put yours there."
        )


def need_offered(name: str, local: bool) -> None:
    """Refuses to fetch what people elsewhere name and a server does not offer: it would fill its disk.

    Raises:
        ModelError: if such a model is not here yet.
    """
    info = None if local else model_info(name)
    if (
        info is not None
        and not info.available
        and info.name.partition("?")[0] not in {offered.name for offered in model_infos()}
    ):
        raise ModelError("This server downloads only the models that it offers; ask whoever runs it to add this one.")


def lies_in(path: str, folder: str) -> bool:
    """Whether a path, with its links followed, is inside a folder."""
    try:
        return from_home(path).resolve().is_relative_to(from_home(folder).resolve())
    except (OSError, ValueError, RuntimeError):  # no path, or links in a circle
        return False
