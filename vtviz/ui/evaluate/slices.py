"""The figures of groups of pairs, where an average may hide who is served badly."""

from __future__ import annotations

import streamlit as st

from vtviz.evaluation.figures.slices import slices
from vtviz.evaluation.runs.evaluation import Evaluation
from vtviz.jobs.history import Entry
from vtviz.spreadsheets import as_cell
from vtviz.ui.evaluate.words import figure, key_name, number, value_name
from vtviz.ui.frame.language import say


def show_slices(entry: Entry, evaluation: Evaluation, threshold: float) -> None:
    """A table of every group by every key."""
    found = slices(evaluation.scored, evaluation.slice_keys, threshold)
    if not found:
        st.info(say("evaluate.no_slices"), icon=":material/info:")
        return
    st.caption(say("evaluate.slices_about"))
    rows = [
        {
            say("evaluate.slice.key"): as_cell(key_name(part.key)),
            say("evaluate.slice.value"): as_cell(value_name(part.key, part.value)),
            say("evaluate.slice.pairs"): part.pairs,
            say("evaluate.accuracy"): figure(part.accuracy),
            say("evaluate.slice.match_recall"): number(part.match_recall),
            say("evaluate.slice.mismatch_recall"): number(part.mismatch_recall),
            say("evaluate.auc"): number(part.auc),
        }
        for part in found
    ]
    st.dataframe(rows, hide_index=True)
