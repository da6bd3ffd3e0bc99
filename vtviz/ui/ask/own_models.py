"""Which files of weights a person may open by name: all of their own machine, or those of one folder of a server."""

from __future__ import annotations

import streamlit as st

from vtviz.files import data_folder
from vtviz.models.folders import lies_in, need_open
from vtviz.training.runs.background import KIND
from vtviz.ui.frame.person.who import EVERYBODY, LOOPBACK, folder_of, is_shared, signed_in


def is_local() -> bool:
    """Whether only the people of this machine can reach this server."""
    return st.get_option("server.address") in LOOPBACK


def check_own_model(name: str) -> None:
    """Refuses the name of a model whose files this server does not open, in one sentence, whether they exist or not.

    Raises:
        ModelError: if they lie outside the folder that ``VTVIZ_MODELS`` names. Without it no file is opened for people
            elsewhere, and any for those of this machine.
    """
    need_open(name, is_local(), _was_made_here)


def _was_made_here(path: str) -> bool:
    """Whether a path is that of a training of this person's."""
    name = signed_in() if is_shared() else EVERYBODY
    if name is None:
        return False
    return lies_in(path, str((folder_of(name) if name else data_folder()) / KIND))
