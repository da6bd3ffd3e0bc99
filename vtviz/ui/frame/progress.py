"""Where a page says that it is at work: a place of its own above the page, which moves nothing."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

AREA = "_vtviz_progress"


def reserve_progress() -> None:
    """Makes the place, once a run."""
    with st.container(key="progress"):
        st.session_state[AREA] = st.empty()


def progress_area() -> DeltaGenerator:
    """The place, also for fragments; one of its own where a page has none."""
    area: DeltaGenerator | None = st.session_state.get(AREA)
    return st.empty() if area is None else area
