"""The areas of a page: what is asked, the photo with its inspector, a strip of photos, and where work is reported."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

PROGRESS = "_vtviz_progress"
WIDE = (3, 2)  # photo and inspector
SERVED_PANELS = ("method", "trust", "change")
BELOW = ("actions", "below")  # keys of what stands below the photo


@dataclass(frozen=True)
class Screen:
    """The areas of a page: notices and trouble, the field, the answer to it, the photo, the inspector, the strip of
    photos, and the line of actions."""

    notices: DeltaGenerator
    ask: DeltaGenerator
    answer: DeltaGenerator
    stage: DeltaGenerator
    side: DeltaGenerator
    strip: DeltaGenerator
    actions: DeltaGenerator


def screen() -> Screen:
    """Lays out the areas of a page, all empty."""
    notices = st.container(key="notices")
    with st.container(key="ask"):
        ask, answer = st.columns(WIDE, gap="medium", vertical_alignment="center")
    with st.container(key="bench"):
        stage, side = st.columns(WIDE, gap="medium")
    with st.container(key="below"):
        strip, actions = st.columns(WIDE, gap="medium", vertical_alignment="center")
    return Screen(notices, ask, answer, stage, side.container(key="side"), strip, actions)


def served_panel(name: str) -> DeltaGenerator:
    """The part of the inspector under one of SERVED_PANELS, seen while its tab is open."""
    return st.container(key=f"panel-{name}")


def reserve_progress() -> None:
    """Makes the place where a page says that it is at work, once a run: above the page, where it moves nothing."""
    with st.container(key="progress"):
        st.session_state[PROGRESS] = st.empty()


def progress_area() -> DeltaGenerator:
    """That place, also for fragments; one of its own where a page has none."""
    area: DeltaGenerator | None = st.session_state.get(PROGRESS)
    return st.empty() if area is None else area
