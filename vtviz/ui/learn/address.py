"""Which part of the page is shown, and what the address says of it."""

from __future__ import annotations

import streamlit as st

from vtviz.ui.ask.choice import kept_choice
from vtviz.ui.frame.language import current_language, say

PART = "learn-part"
PARTS = ("course", "bench", "inside", "network")


def ask_part() -> str:
    """The part of the page; at first the one that the address names."""
    asked = st.query_params.get("part", PARTS[0])
    if PART not in st.session_state:
        st.session_state[PART] = asked if asked in PARTS else PARTS[0]
        if asked not in PARTS:
            st.warning(say("link.wrong", names="part"), icon=":material/link_off:")
    return kept_choice(
        say("learn.part"),
        PARTS,
        PART,
        PARTS[0],
        st.segmented_control,
        format_func=lambda part: say(f"learn.part_{part}"),
        label_visibility="collapsed",
        required=True,
    )


def show_in_address(part: str, **more: str) -> None:
    """Puts the part into the address. What the browser put there of the same part stays."""
    wanted = {"part": part, **more, **({} if current_language() == "en" else {"lang": current_language()})}
    now = st.query_params.to_dict()
    if now.get("part") != part:
        st.query_params.from_dict(wanted)
    elif wanted.items() - now.items():
        st.query_params.update(wanted)
