"""Who this person is. On a machine of one's own, all is theirs; where the app is open to a network, people sign in."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from pathlib import Path

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from vtviz.files import data_folder
from vtviz.people.accounts import People
from vtviz.ui.frame.person.visitor import forget_visitor, visitor_name

OPEN = "VTVIZ_OPEN"  # 1 lets everybody in, and shows them the same
LOOPBACK = ("127.0.0.1", "localhost", "::1")
HOURS = 12.0  # for which a person stays signed in
EVERYBODY = ""
PEOPLE = "people"


def is_shared() -> bool:
    """Whether people sign in: the app is open to a network, and nobody said that all may see all."""
    return st.get_option("server.address") not in LOOPBACK and os.environ.get(OPEN) != "1"


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
    """Whether this person also sees how much space each person takes."""
    if not is_shared():
        return True
    name = signed_in()
    return any(each.name == name and each.role == "administrator" for each in People(data_folder()).all())


def own_folder() -> Path:
    """Where what this person makes is kept; made where there is none."""
    os.umask(0o077)  # whatever this server writes is for nobody else on the machine
    name = person()
    return data_folder() if name == EVERYBODY else folder_of(name)


def folder_of(name: str) -> Path:
    """The folder of a person who signs in. It is named by a hash: a name may hold anything."""
    folder = data_folder() / PEOPLE / sha256(name.encode()).hexdigest()[:24]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def signed_in() -> str | None:
    """The name of the person who has signed in, or None."""
    if has_provider():
        user = st.user.to_dict()
        return f"{user.get('iss', '')} {user.get('sub') or user.get('email')}" if user.get("is_logged_in") else None
    name, until = _sessions().get(visitor_name(), ("", 0.0))
    return name if until > time.time() else None


def has_provider() -> bool:
    """Whether people sign in through a provider of their own (``[auth]`` in secrets.toml)."""
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def enter(name: str) -> None:
    """This browser is that of a person, for HOURS."""
    _sessions()[visitor_name()] = (name, time.time() + HOURS * 3600)


def leave() -> None:
    """Nobody is signed in with this browser any more, and nothing is kept for it."""
    _sessions().pop(visitor_name(), None)
    forget_visitor()


@st.cache_resource(show_spinner=False)
def _sessions() -> dict[str, tuple[str, float]]:
    """Who is signed in, and until when, by the cookie of the browser."""
    return {}
