"""Which files of weights a person may open by name: all of their own machine, or those of one folder of a server."""

from __future__ import annotations

from collections.abc import Iterable

from vtviz.files import data_folder
from vtviz.models.folders import lies_in, need_offered, need_open
from vtviz.training.runs.background import KIND
from vtviz.ui.frame.person.who import EVERYBODY, folder_of, is_local, is_shared, signed_in


def check_own_model(name: str) -> None:
    """Refuses the name of a model whose files this server does not open, in one sentence, whether they exist or not.

    Raises:
        ModelError: if they lie outside the folder that ``VTVIZ_MODELS`` names. Without it no file is opened for people
            elsewhere, and any for those of this machine.
    """
    need_open(name, is_local(), _was_made_here)


def check_download(name: str) -> None:
    """Refuses to fetch what people elsewhere name and this server does not offer: it would fill its disk.

    Raises:
        ModelError: if such a model is not here yet.
    """
    need_offered(name, is_local())


def check_own_models(names: Iterable[str]) -> None:
    """The same for the models of a job: a browser may send others than those that were offered. Raises ModelError."""
    for name in names:
        check_own_model(name)
        check_download(name)


def _was_made_here(path: str) -> bool:
    """Whether a path is that of a training of this person's."""
    name = signed_in() if is_shared() else EVERYBODY
    if name is None:
        return False
    return lies_in(path, str((folder_of(name) if name else data_folder()) / KIND))
