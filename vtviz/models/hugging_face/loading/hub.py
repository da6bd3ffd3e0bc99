"""Models on the Hugging Face hub: asked for only by their name, kept in the hub's own cache."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, constants, get_session, snapshot_download
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

from vtviz.models.base import ModelError
from vtviz.models.hugging_face.abilities import architecture_of
from vtviz.models.hugging_face.loading.checks import lacking, need_files, quantized
from vtviz.models.hugging_face.loading.estimate import memory_mb
from vtviz.models.hugging_face.names import Spec
from vtviz.models.open_clip.loading.hub import PATIENCE, _Reported

MOST_FOUND = 50
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I8": 1, "U8": 1}


class Unreachable(ModelError):
    """The hub cannot be asked, or is not to be."""


def download(spec: Spec, wanted: Sequence[str]) -> Path:
    """The folder with those files of a repository that match ``wanted``; nothing is downloaded where its weights are
    pickle files only, or a file is missing without which it cannot be loaded.

    Raises:
        ModelError: if it cannot be had; the message says why.
    """
    assert spec.repository is not None
    _check_network(spec.repository)
    try:
        files = HfApi().list_repo_files(spec.repository, revision=spec.revision)
        if "config.json" not in files:
            raise ModelError(
                "{name} has no config.json, so it is not a model of transformers; choose another one.",
                name=spec.repository,
            )
        need_files(spec.repository, files)
        return Path(
            snapshot_download(
                spec.repository, revision=spec.revision, allow_patterns=list(wanted), tqdm_class=_Reported
            )
        )
    except ModelError:
        raise
    except Exception as error:  # the client's own classes differ between versions of the hub's library
        raise _reason(spec, error) from error


@dataclass(frozen=True)
class Found:
    """A repository: the ``architecture`` that its configuration names, "" where it names none; and what its weights
    take on the disk and in memory, where the hub knows how many they are."""

    name: str
    architecture: str
    size_mb: int | None = None
    memory_mb: int | None = None


def search(text: str) -> list[Found]:
    """The most downloaded repositories that a text finds, without those that cannot be loaded whatever their class.
    Nothing of them is downloaded.

    Raises:
        ModelError: if the hub cannot be asked.
    """
    if constants.HF_HUB_OFFLINE:
        raise ModelError(
            "HF_HUB_OFFLINE blocks searching the Hugging Face Hub; unset it, or name a local folder: hf:FOLDER."
        )
    try:
        _reach()
        models = HfApi().list_models(
            search=text, sort="downloads", limit=MOST_FOUND, expand=["config", "safetensors", "siblings"]
        )
        return [_found(model) for model in models if _can_load(model)]
    except Exception as error:
        raise ModelError(
            "The Hugging Face Hub cannot be searched, since {host} cannot be reached ({reason}); go online and try "
            "again, or name a local folder: hf:FOLDER.",
            host=_host(),
            reason=type(error).__name__,
        ) from error


def _can_load(model: Any) -> bool:
    """Whether a repository has all files, and its weights are neither packed nor pickle files only."""
    files = [file.rfilename for file in model.siblings or ()]
    has_weights = any(file.endswith(".safetensors") for file in files)
    return has_weights and not lacking(files) and not quantized(model.config or {})


def _found(model: Any) -> Found:
    config, stored = model.config or {"model_type": ""}, getattr(model.safetensors, "parameters", None) or {}
    architecture = architecture_of(config)
    if not stored:
        return Found(model.id, architecture)
    most = max(stored, key=stored.__getitem__)  # the configuration that the hub shows is cut short, without its dtype
    size = sum(count * BYTES.get(kind, 4) for kind, count in stored.items())
    dtype = {"BF16": "bfloat16", "F16": "float16"}.get(most, "float32")
    memory = memory_mb({**config, "dtype": dtype}, "auto", sum(stored.values()))
    return Found(model.id, architecture, round(size / 1e6), memory)


def _check_network(repository: str) -> None:
    """Fails at once where there is no network; the hub's own client would try for half a minute."""
    if constants.HF_HUB_OFFLINE:
        raise Unreachable(
            "{name} is not on this machine, and HF_HUB_OFFLINE blocks the download; unset it, or use a local folder: "
            "hf:FOLDER.",
            name=repository,
        )
    try:
        _reach()
    except Exception as error:
        raise _unreachable(repository, error) from error


def _reach() -> None:
    """Raises whatever the network says where the hub cannot be reached."""
    get_session().head(constants.ENDPOINT, timeout=PATIENCE)


def _host() -> str:
    host: str = constants.ENDPOINT.split("://")[-1]
    return host


def _reason(spec: Spec, error: Exception) -> ModelError:
    name = spec.repository
    if isinstance(error, GatedRepoError):
        return ModelError(
            "{name} requires you to accept its licence: do so on its page, then log in with hf auth login.", name=name
        )
    if isinstance(error, RevisionNotFoundError):
        return ModelError(
            "{name} has no revision {revision}; check the branch, tag or commit.", name=name, revision=spec.revision
        )
    if isinstance(error, RepositoryNotFoundError):
        return ModelError("There is no public repository {name} on the Hugging Face Hub; check the name.", name=name)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ModelError(
            "The disk is full: {name} does not fit in {folder}; free up space or set HF_HOME.",
            name=name,
            folder=constants.HF_HUB_CACHE,
        )
    if isinstance(error, PermissionError):
        return ModelError(
            "The folder {folder} is not writable; set HF_HOME to a writable folder.", folder=constants.HF_HUB_CACHE
        )
    return _unreachable(str(name), error)


def _unreachable(repository: str, error: Exception) -> ModelError:
    return Unreachable(
        "{name} is not on this machine, and {host} cannot be reached ({reason}); go online and try again, or use a "
        "local folder: hf:FOLDER.",
        name=repository,
        host=_host(),
        reason=type(error).__name__,
    )
