"""What the server keeps for one person across reloads: their browser names them by a random cookie."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

COOKIE = "vtviz-visitor"
NAME = re.compile(r"[0-9a-f]{32}")
KEPT_VISITORS = 32
SESSION = "_vtviz_visitor"
TAB = "_vtviz_tab"
AWAY = 60.0  # seconds without a tab after which nobody waits any more

Value = TypeVar("Value")


class Visitors:
    """What is kept for the last ``most`` visitors; whoever was away for longest makes room."""

    def __init__(self, most: int = KEPT_VISITORS) -> None:
        self.most, self._kept, self._lock = most, OrderedDict[str, dict[str, Any]](), threading.Lock()

    def forget(self, name: str) -> None:
        """Keeps nothing of a visitor."""
        with self._lock:
            self._kept.pop(name, None)

    def of(self, name: str) -> dict[str, Any]:
        """What is kept for a visitor, who now counts as the last one."""
        with self._lock:
            kept = self._kept.setdefault(name, {})
            self._kept.move_to_end(name)
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
            return kept


@st.cache_resource(show_spinner=False)
def _visitors() -> Visitors:
    return Visitors()


def visitor_name() -> str:
    """The name of this person: that of their cookie, or a new one for their browser to keep."""
    if SESSION not in st.session_state:
        cookie = st.context.cookies.get(COOKIE, "")
        st.session_state[SESSION] = (
            cookie if isinstance(cookie, str) and NAME.fullmatch(cookie) else secrets.token_hex(16)
        )
    name: str = st.session_state[SESSION]
    return name


def forget_visitor() -> None:
    """Keeps nothing for this person any more."""
    _visitors().forget(visitor_name())


def session_name() -> str:
    """The name of this session: a tab of this person's browser, until it is reloaded."""
    name: str = st.session_state.setdefault(TAB, secrets.token_hex(8))
    return name


def left_for_good() -> Callable[[], bool]:
    """Tells, from any thread, whether this session's tab was closed a while ago."""
    context = get_script_run_ctx()
    last_seen = [time.monotonic()]

    def left() -> bool:
        if context is None or not runtime.exists():
            return False
        if runtime.get_instance().is_active_session(context.session_id):
            last_seen[0] = time.monotonic()
        return time.monotonic() - last_seen[0] > AWAY

    return left


def kept_for_visitor(key: str, make: Callable[[], Value]) -> Value:
    """What is kept for this person under a key, made the first time."""
    kept = _visitors().of(visitor_name())
    if key not in kept:
        kept[key] = make()
    value: Value = kept[key]
    return value
