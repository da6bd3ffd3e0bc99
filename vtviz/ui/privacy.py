"""The list of what is kept, and the folder in which it is."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from vtviz.files import data_folder
from vtviz.jobs.history import bytes_in
from vtviz.jobs.limits import KEEP
from vtviz.people.accounts import People
from vtviz.people.privacy import KEPT
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.person.who import PEOPLE, hash_of, is_administrator, is_shared, own_folder

COLUMNS = ("what", "where", "time", "who")


def show_kept() -> None:
    """What is kept, a row each."""
    st.table(
        {say(f"privacy.{column}"): [say(f"privacy.{kept.name}.{column}") for kept in KEPT] for column in COLUMNS},
        hide_index=True,
    )


def show_place() -> None:
    """Where this person's files lie, how large they are, and for how long they are kept; for an administrator, how much
    space each person takes."""
    folder = own_folder()
    if is_shared():
        st.markdown(say("privacy.yours", size=_megabytes(folder)))
    else:
        st.markdown(say("privacy.folder", folder=plain(str(folder)), size=_megabytes(folder)))
    if os.environ.get(KEEP):
        st.markdown(say("privacy.kept_days", days=plain(os.environ[KEEP])))
    if is_shared() and is_administrator():
        st.subheader(say("privacy.sizes"))
        known = {hash_of(each.name): each.name for each in People(data_folder()).all()}
        folders = sorted((data_folder() / PEOPLE).glob("*"))
        names, sizes = [known.get(each.name, each.name) for each in folders], [_megabytes(each) for each in folders]
        st.dataframe({say("privacy.person"): names, say("privacy.megabytes"): sizes}, hide_index=True)


def _megabytes(folder: Path) -> str:
    return f"{bytes_in(folder) / 2**20:.1f}"
