"""Which files of weights a person may open by name: all of their own machine, or those of one folder of a server."""

from __future__ import annotations

import os

import streamlit as st

from vtviz.files import data_folder, from_home
from vtviz.models.base import ModelError
from vtviz.models.registry import opened_path
from vtviz.training.runs.background import KIND
from vtviz.ui.frame.person.who import EVERYBODY, LOOPBACK, folder_of, is_shared, signed_in

FOLDER = "VTVIZ_MODELS"  # the environment variable that names the folder


def is_local() -> bool:
    """Whether only the people of this machine can reach this server."""
    return st.get_option("server.address") in LOOPBACK


def check_own_model(name: str) -> None:
    """Refuses the name of a model whose files this server does not open, in one sentence, whether they exist or not.

    Raises:
        ModelError: if they lie outside the folder that ``VTVIZ_MODELS`` names. Without it no file is opened for people
            elsewhere, and any for those of this machine.
    """
    path = opened_path(name)
    folder = os.environ.get(FOLDER)
    if not path or (not folder and is_local()) or _was_made_here(path):
        return
    if not folder or not _lies_in(path, folder):
        raise ModelError(
            "This server opens models only from its own folder of models; ask whoever runs it to put yours there."
        )


def _was_made_here(path: str) -> bool:
    """Whether a path is that of a training of this person's."""
    name = signed_in() if is_shared() else EVERYBODY
    if name is None:
        return False
    return _lies_in(path, str((folder_of(name) if name else data_folder()) / KIND))


def _lies_in(path: str, folder: str) -> bool:
    try:
        return from_home(path).resolve().is_relative_to(from_home(folder).resolve())
    except (OSError, ValueError, RuntimeError):  # no path, or links in a circle
        return False
