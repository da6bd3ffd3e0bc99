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
from vtviz.models.progress import report

WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
PATIENCE = 6.0  # seconds for a first answer of the hub
INSTEAD = "give a file that you have: open_clip:ARCH@FILE"


def cached(repository: str, names: Sequence[str]) -> Path | None:
    """The first of these files that is on this machine."""
    for name in names:
        found = try_to_load_from_cache(repository, name)
        if isinstance(found, str):
            return Path(found)
    return None


def fetch(repository: str, names: Sequence[str]) -> Path:
    """The first of these files that the repository has, downloaded where it is not on this machine yet.

    Raises:
        ModelError: if it cannot be had; the message says why.
    """
    found = cached(repository, names)
    if found is not None:
        return found
    _check_network(repository)
    for name in names:
        try:
            return Path(hf_hub_download(repository, name, tqdm_class=_Reported))
        except (EntryNotFoundError, RepositoryNotFoundError, GatedRepoError, HfHubHTTPError, OSError) as error:
            if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
                continue
            raise ModelError(_reason(repository, error)) from error
    raise ModelError(f"The repository {repository} holds none of {', '.join(names)}: it is not a model of open_clip.")


def _check_network(repository: str) -> None:
    """Fails at once where there is no network; the hub's own client would try for half a minute."""
    if constants.HF_HUB_OFFLINE:
        raise ModelError(f"{_absent(repository)} HF_HUB_OFFLINE forbids the download; unset it, or {INSTEAD}.")
    try:
        get_session().head(constants.ENDPOINT, timeout=PATIENCE)
    except Exception as error:  # the client's own classes differ between versions of the hub's library
        raise ModelError(f"{_absent(repository)} {_reach()}; connect once, or {INSTEAD}.") from error


def _reason(repository: str, error: Exception) -> str:
    if isinstance(error, GatedRepoError):
        return f"{repository} asks for its licence to be accepted; do so on its page, then log in: hf auth login."
    if isinstance(error, RepositoryNotFoundError):
        return f"There is no public repository {repository} on the Hugging Face hub; check the name."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: {repository} does not fit into {constants.HF_HUB_CACHE}; make room or set HF_HOME."
    if isinstance(error, PermissionError):
        return f"The folder {constants.HF_HUB_CACHE} cannot be written to; set HF_HOME to one that can."
    return f"{_absent(repository)} {_reach()} ({type(error).__name__}); try again, or {INSTEAD}."


def _absent(repository: str) -> str:
    return f"The weights of {repository} are not on this machine."


def _reach() -> str:
    return f"{constants.ENDPOINT.split('://')[-1]} cannot be reached"


class _Reported(tqdm):  # type: ignore[type-arg]
    """The hub's progress bar, which also reports to whoever listens."""

    def update(self, n: float | None = 1) -> bool | None:
        shown = super().update(n)
        if self.total:
            report("download", min(1.0, self.n / self.total))
        return shown
