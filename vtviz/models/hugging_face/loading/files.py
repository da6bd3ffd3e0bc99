"""The files of a model of transformers: in a folder, in the hub's cache, or downloaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vtviz.files import JSON_BYTES, parse_json, read_bytes
from vtviz.models.base import ModelError
from vtviz.models.hugging_face.loading.checks import lacking, need_files
from vtviz.models.hugging_face.loading.faults import no_weights
from vtviz.models.hugging_face.names import Spec

CONFIG = "config.json"
WEIGHTS = "*.safetensors"
WANTED = (WEIGHTS, "*.json", "*.txt", "*.model", "*.jinja")  # no code, and no weights of other kinds


def local_folder(spec: Spec) -> Path | None:
    """The folder with a model's files where its configuration is on this machine."""
    if spec.folder is not None:
        return spec.folder
    from huggingface_hub import try_to_load_from_cache

    assert spec.repository is not None
    file = try_to_load_from_cache(spec.repository, CONFIG, revision=spec.revision)
    return Path(file).parent if isinstance(file, str) else None


def is_here(spec: Spec) -> bool:
    """Whether a model can be loaded without a download."""
    folder = local_folder(spec)
    return folder is not None and bool(weights_in(folder)) and not lacking(names_in(folder))


def names_in(folder: Path) -> set[str]:
    """The names of a folder's files."""
    return {file.name for file in folder.iterdir() if file.is_file()}


def weights_in(folder: Path) -> list[Path]:
    """The files of weights of a folder: all that an index names, or those that are there; none where one is missing."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        described = _json(index, folder.name).get("weight_map")
        names = sorted(set(described.values())) if isinstance(described, dict) else []
        files = [folder / name for name in names if isinstance(name, str) and Path(name).name == name]
        return files if files and all(file.is_file() for file in files) else []
    usual = folder / "model.safetensors"
    return [usual] if usual.is_file() else sorted(folder.glob(WEIGHTS))[:1]


def configuration(spec: Spec) -> dict[str, Any]:
    """What ``config.json`` says; of a repository that is not here, this file alone is downloaded.

    Raises:
        ModelError: if it cannot be had or read.
    """
    folder = local_folder(spec)
    if folder is None:
        from vtviz.models.hugging_face.loading.hub import download

        folder = download(spec, (CONFIG,))
    elif not folder.is_dir():
        raise ModelError("There is no folder {folder}; check the path.", folder=folder)
    if not (folder / CONFIG).is_file():
        raise ModelError(
            "{folder} has no config.json, so it is not a model of transformers; choose another folder.",
            folder=spec.shown,
        )
    return _json(folder / CONFIG, spec.shown)


def folder_of(spec: Spec) -> Path:
    """The folder with all of a model's files, which are downloaded where they are not on this machine.

    Raises:
        ModelError: if one is missing, or they are not safe to read.
    """
    folder = local_folder(spec)
    if spec.folder is None and not is_here(spec):
        folder = _downloaded(spec, folder)
    assert folder is not None
    need_files(spec.shown, names_in(folder))
    if not weights_in(folder):
        raise no_weights(spec.shown)
    return folder


def _downloaded(spec: Spec, part: Path | None) -> Path:
    """The folder of a repository whose files are not all on this machine; ``part`` is what is there of it."""
    from vtviz.models.hugging_face.loading.hub import Unreachable, download

    try:
        return download(spec, WANTED)
    except Unreachable as error:
        missing = "" if part is None or not weights_in(part) else lacking(names_in(part))
        if not missing:
            raise
        raise ModelError(
            "{name} is only partly on this machine and lacks {files}; go online, and vtviz downloads the rest.",
            name=spec.shown,
            files=missing,
        ) from error


def described(folder: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """What the first of these JSON files that the folder has says; nothing where it has none."""
    return next((_json(folder / name, folder.name) for name in names if (folder / name).is_file()), {})


def _json(file: Path, shown: str) -> dict[str, Any]:
    try:
        value = parse_json(read_bytes(file, JSON_BYTES).decode())
    except (OSError, ValueError, json.JSONDecodeError) as error:
        raise ModelError(
            "The file {file} in {folder} is not valid JSON; correct it.", file=file.name, folder=shown
        ) from error
    if not isinstance(value, dict):
        raise ModelError("The file {file} in {folder} is not valid JSON; correct it.", file=file.name, folder=shown)
    return value
