"""Weights on the Hugging Face hub: asked for only by the name of their model, kept in the hub's own cache."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import constants, get_session, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)
from tqdm import tqdm

from vtviz.models.base import ModelError
from vtviz.watch import current_watch

WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
PATIENCE = 6.0  # seconds for a first answer of the hub


def cached(repository: str, names: Sequence[str]) -> Path | None:
    """The first of these files that is on this machine."""
    for name in names:
        file = try_to_load_from_cache(repository, name)
        if isinstance(file, str):
            return Path(file)
    return None


def fetch(repository: str, names: Sequence[str]) -> Path:
    """The first of these files that the repository has, downloaded where it is not on this machine yet.

    Raises:
        ModelError: if it cannot be had; the message says why.
    """
    file = cached(repository, names)
    if file is not None:
        return file
    _check_network(repository)
    for name in names:
        try:
            return Path(hf_hub_download(repository, name, tqdm_class=_Reported))
        except (EntryNotFoundError, RepositoryNotFoundError, GatedRepoError, HfHubHTTPError, OSError) as error:
            if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
                continue
            raise _reason(repository, error) from error
    raise ModelError(
        "The repository {name} holds none of {files}: it is not a model of open_clip.",
        name=repository,
        files=", ".join(names),
    )


def _check_network(repository: str) -> None:
    """Fails at once where there is no network; the hub's own client would try for half a minute."""
    if constants.HF_HUB_OFFLINE:
        raise ModelError(
            "The weights of {name} are not on this machine, and HF_HUB_OFFLINE forbids the download; unset it, or give "
            "a file that you have: open_clip:ARCH@FILE.",
            name=repository,
        )
    try:
        get_session().head(constants.ENDPOINT, timeout=PATIENCE)
    except Exception as error:  # the client's own classes differ between versions of the hub's library
        raise _unreachable(repository, error) from error


def _reason(repository: str, error: Exception) -> ModelError:
    if isinstance(error, GatedRepoError):
        return ModelError(
            "{name} requires you to accept its licence: do so on its page, then log in with hf auth login.",
            name=repository,
        )
    if isinstance(error, RepositoryNotFoundError):
        return ModelError(
            "There is no public repository {name} on the Hugging Face hub; check the name.", name=repository
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ModelError(
            "The disk is full: {name} does not fit in {folder}; free up space or set HF_HOME.",
            name=repository,
            folder=constants.HF_HUB_CACHE,
        )
    if isinstance(error, PermissionError):
        return ModelError(
            "The folder {folder} is not writable; set HF_HOME to a writable folder.", folder=constants.HF_HUB_CACHE
        )
    return _unreachable(repository, error)


def _unreachable(repository: str, error: Exception) -> ModelError:
    return ModelError(
        "The weights of {name} are not on this machine, and {host} cannot be reached ({reason}); connect and try "
        "again, or give a file that you have: open_clip:ARCH@FILE.",
        name=repository,
        host=constants.ENDPOINT.split("://")[-1],
        reason=type(error).__name__,
    )


class _Reported(tqdm):  # type: ignore[type-arg]
    """The hub's progress bar, which also reports to whoever listens."""

    def update(self, n: float | None = 1) -> bool | None:
        shown = super().update(n)
        if self.total:
            current_watch().reach("download_share", min(int(self.n), int(self.total)), int(self.total))
        return shown
