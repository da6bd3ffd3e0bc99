"""How long work will take, from how long the same kind of work took last on this machine."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from vtviz.ui.frame.language import say

INSTANT, MINUTE = 1.0, 90.0  # seconds, up to which it is said so


@st.cache_resource(show_spinner=False)
def _paces() -> dict[Hashable, float]:
    """Seconds a pass, by kind of work."""
    return {}


def note_pace(kind: Hashable, passes: int, seconds: float) -> None:
    """Keeps how long so many passes took."""
    if passes > 0:
        _paces()[kind] = seconds / passes


def expected_seconds(kind: Hashable, passes: int, guess_ms: float) -> float:
    """How long so many passes will take; ``guess_ms`` is the time of one where none was measured yet."""
    return passes * _paces().get(kind, guess_ms / 1000)


def duration(seconds: float) -> str:
    """A time for a person: instant, or in seconds or minutes."""
    if seconds < INSTANT:
        return say("time.instant")
    if seconds < MINUTE:
        return say("time.seconds", count=max(1, round(seconds)))
    return say("time.minutes", count=round(seconds / 60))
