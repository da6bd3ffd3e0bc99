"""A fair share of the server: who asks without a pause waits a little while others use it too.

The pages of all people are made by threads of one process, of which one runs at a time; without this, one person's
script that asks again at once takes as much of it as all others together.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from vtviz.ui.frame.person.visitor import session_name

PAUSE = 1.5  # times the time of a page, before the same session's next
LONGEST = 0.3  # seconds
HERE = 3.0  # seconds after its last page in which a session counts as using the server
KEPT = 1_000  # sessions


class Turns:
    """When each session's last page was done, and what time it took."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock, self._last = clock, OrderedDict[str, tuple[float, float]]()

    def wait_of(self, session: str) -> float:
        """Seconds that a session has to wait before its next page."""
        now = self.clock()
        done, spent = self._last.get(session, (0.0, 0.0))
        others = any(name != session and now - when < HERE for name, (when, _) in list(self._last.items()))
        return min(LONGEST, max(0.0, done + PAUSE * spent - now)) if others else 0.0

    def note(self, session: str, spent: float) -> None:
        """Keeps that a session's page is done, and the seconds that it took."""
        self._last[session] = self.clock(), spent
        self._last.move_to_end(session)
        while len(self._last) > KEPT:
            self._last.popitem(last=False)


@contextmanager
def fair_share() -> Iterator[None]:
    """Makes a page inside the ``with``, after the wait that is fair."""
    session, turns = session_name(), _turns()
    time.sleep(turns.wait_of(session))
    began = time.monotonic()
    try:
        yield
    finally:
        turns.note(session, time.monotonic() - began)


@st.cache_resource(show_spinner=False)
def _turns() -> Turns:
    return Turns()
