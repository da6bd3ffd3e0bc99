"""What the app says to this person."""

from __future__ import annotations

import streamlit as st

from vtviz.sentences import LANGUAGES, catalogue


def current_language() -> str:
    """The language this person chose."""
    chosen = st.session_state.get("lang")
    return chosen if chosen in LANGUAGES else "en"


def say(key: str, **values: object) -> str:
    """The sentence under a key in the chosen language, with values put in."""
    return catalogue(current_language())[key].format(**values)


def say_or(key: str, otherwise: str) -> str:
    """The sentence under a key, or another where the catalogue lacks it, as for plug-ins."""
    return catalogue(current_language()).get(key, otherwise)
