"""Finished evaluations, read once for all visitors."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from vtviz.evaluation.runs.evaluation import ABOUT, Evaluation, read_evaluation
from vtviz.ui.frame.resources import evaluation_jobs


def evaluation_of(number: int) -> Evaluation:
    """A finished evaluation. Raises InputError where its files are missing or damaged."""
    folder = evaluation_jobs().history.folder_of(number)
    about = folder / ABOUT
    return _read(str(folder), about.stat().st_mtime_ns if about.is_file() else 0)


@st.cache_resource(max_entries=8, show_spinner=False)
def _read(folder: str, changed: int) -> Evaluation:
    return read_evaluation(Path(folder))
