"""Who this person is. On a machine of one's own, all is theirs; where the app is open to a network, people sign in."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from vtviz.files import data_folder
from vtviz.inputs import InputError
from vtviz.machine import LOOPBACK
from vtviz.people.accounts import People, Person
from vtviz.people.sessions import Sessions
from vtviz.ui.frame.person.visitor import forget_visitor, visitor_name

OPEN = "VTVIZ_OPEN"  # 1 lets everybody in, and shows them the same
EVERYBODY = ""
PEOPLE = "people"


def is_local() -> bool:
    """Whether only the people of this machine can reach this server."""
    return st.get_option("server.address") in LOOPBACK


def is_shared() -> bool:
    """Whether people sign in: the app is open to a network, and nobody said that all may see all."""
    return not is_local() and os.environ.get(OPEN) != "1"


def person() -> str:
    """The name of the person who is signed in; "" where all is one person's. A page has no other without
    ``need_person``."""
    if not is_shared():
        return EVERYBODY
    name = signed_in()
    if name is None:
        st.stop()
    return name


def is_administrator() -> bool:
    """Whether this person also sees how much space each person takes. Where people sign in through a provider, those
    whose e-mail address, as the provider has verified it, is on the list as an administrator."""
    if not is_shared():
        return True
    name = signed_in()
    if name is not None and has_provider():
        user = st.user.to_dict()
        name = str(user.get("email")) if user.get("email_verified") is True else None
    return any(each.name == name and each.role == "administrator" for each in People(data_folder()).all())


def own_folder() -> Path:
    """Where what this person makes is kept; made where there is none."""
    os.umask(0o077)  # whatever this server writes is for nobody else on the machine
    name = person()
    return data_folder() if name == EVERYBODY else folder_of(name)


def folder_of(name: str) -> Path:
    """The folder of a person who signs in. It is named by a hash: a name may hold anything."""
    folder = data_folder() / PEOPLE / hash_of(name)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def hash_of(name: str) -> str:
    """What the folder of a person is called."""
    return sha256(name.encode()).hexdigest()[:24]


def signed_in() -> str | None:
    """The name of the person who has signed in, or None."""
    if has_provider():
        user = st.user.to_dict()
        return f"{user.get('iss', '')} {user.get('sub') or user.get('email')}" if user.get("is_logged_in") else None
    entered = _sessions().of(visitor_name())
    return entered.name if entered is not None and _is_listed(entered) else None


def _is_listed(entered: Person) -> bool:
    """Whether somebody may still sign in, with the password that they had then."""
    try:
        return entered in People(data_folder()).all()
    except InputError:  # the list is damaged, which the way in says
        return False


def has_provider() -> bool:
    """Whether people sign in through a provider of their own (``[auth]`` in secrets.toml)."""
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def enter(person: Person) -> None:
    """This browser is that of a person. It gets a new name, which nobody can have planted there, and nothing is left of
    whoever used it before."""
    leave()
    _sessions().enter(visitor_name(), person)


def leave() -> None:
    """Nobody is signed in with this browser any more, and nothing is kept for it."""
    _sessions().leave(visitor_name())
    forget_visitor()


@st.cache_resource(show_spinner=False)
def _sessions() -> Sessions:
    """Who is signed in, by the cookie of the browser."""
    return Sessions()
