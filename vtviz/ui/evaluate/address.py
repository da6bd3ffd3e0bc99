"""The address of an evaluation: which one it is, at which threshold."""

from __future__ import annotations

import re

import streamlit as st

from vtviz.ui.ask.links import keep_address
from vtviz.ui.show.jobs import choose_job

PAGE = "evaluate"
RUN, THRESHOLD = "run", "threshold"
OPENED = "opened-evaluate"


def threshold_key(number: int) -> str:
    """Where the session keeps the threshold of an evaluation."""
    return f"evaluate-threshold-{number}"


def open_address() -> None:
    """Takes over what the address says, the first time that a session sees the page."""
    if st.session_state.get(OPENED):
        return
    st.session_state[OPENED] = True
    query = st.query_params.to_dict()
    if re.fullmatch(r"\d{1,9}", query.get(RUN, ""), re.ASCII):
        number = int(query[RUN])
        choose_job(PAGE, number)
        if re.fullmatch(r"-?\d{1,4}(\.\d{1,9})?", query.get(THRESHOLD, ""), re.ASCII):
            st.session_state[threshold_key(number)] = float(query[THRESHOLD])


def keep(number: int, threshold: float) -> None:
    """Puts an evaluation and its threshold into the address."""
    keep_address({RUN: str(number), THRESHOLD: f"{threshold:.4g}"})
