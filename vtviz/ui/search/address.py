"""The address of the Search page: which of its views, and the text that is searched for."""

from __future__ import annotations

import streamlit as st

from vtviz.inputs import MAX_CHARACTERS
from vtviz.ui.ask.choice import kept_choice
from vtviz.ui.ask.links import keep_address
from vtviz.ui.frame.language import say
from vtviz.ui.search.query import TEXT

VIEWS = ("find", "likes", "sentences", "folders")
VIEW, OPENED = "search-view", "opened-search"


def open_address() -> None:
    """Takes over what the address says, the first time that a session sees the page."""
    if st.session_state.get(OPENED):
        return
    st.session_state[OPENED] = True
    query = st.query_params.to_dict()
    if query.get("view") in VIEWS:
        st.session_state[VIEW] = query["view"]
    if query.get("text"):
        st.session_state[TEXT] = query["text"][:MAX_CHARACTERS]


def ask_view() -> str:
    """What is to be done: find photos, see what fits a taste, find sentences, or choose what is searched."""
    return kept_choice(
        say("search.view"),
        VIEWS,
        VIEW,
        VIEWS[0],
        st.segmented_control,
        format_func=lambda name: say(f"search.view.{name}"),
        label_visibility="collapsed",
        required=True,
    )


def keep(view: str) -> None:
    """Puts the view and the text into the address."""
    text = st.session_state.get(TEXT, "")
    keep_address({**({"view": view} if view != VIEWS[0] else {}), **({"text": text} if text else {})})
