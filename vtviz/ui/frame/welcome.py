"""The first picture of a server that is still cold: the packaged sample with a heatmap made in advance.

A page's own imports take seconds the first time, so nothing here may need them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from vtviz.paths import ASSETS
from vtviz.ui.frame.language import say

PICTURE = ASSETS / "welcome.jpg"  # python -m docs.screenshots makes it
HEAVY, AREA = "torch", "_vtviz_welcome"


@contextmanager
def welcome(page: StreamlitPage) -> Iterator[None]:
    """Shows the picture while the first page of a cold server is made inside the ``with``."""
    area = st.empty()  # in every run, so that nothing on the page changes its place later
    if HEAVY in sys.modules or page.url_path:
        yield
        return
    st.session_state[AREA] = area
    with area.container(key="welcome", horizontal_alignment="center"):
        st.html(ASSETS / "theme.css")
        st.markdown(f"### {say('shell.welcome')}")
        st.image(PICTURE, say("shell.waking"), width=760, alt="")
    try:
        yield
    finally:
        end_welcome()


def end_page() -> NoReturn:
    """Ends a page before it is complete, without the picture over what it says."""
    end_welcome()
    st.stop()


def end_welcome() -> None:
    """Takes the picture away."""
    area: DeltaGenerator | None = st.session_state.pop(AREA, None)
    if area is not None:
        area.empty()
