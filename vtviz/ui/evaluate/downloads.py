"""What can be taken along: a report to read, figures and scores to compute with."""

from __future__ import annotations

import streamlit as st

from vtviz.evaluation.report.html import to_html
from vtviz.evaluation.runs.evaluation import Evaluation
from vtviz.evaluation.runs.export import to_csv, to_json
from vtviz.jobs.history import Entry
from vtviz.ui.frame.language import current_language, say


def show_downloads(entry: Entry, evaluation: Evaluation, threshold: float) -> None:
    """Buttons for the report, the figures and the scores, all at the present threshold."""
    st.caption(say("evaluate.download_about"))
    language = current_language()
    files = (
        (
            "report.html",
            lambda: to_html(evaluation, threshold, language).encode(),
            "text/html",
            ":material/description:",
        ),
        ("figures.json", lambda: to_json(evaluation, threshold), "application/json", ":material/data_object:"),
        ("scores.csv", lambda: to_csv(evaluation, threshold), "text/csv", ":material/table:"),
    )
    with st.container(horizontal=True):
        for name, make, mime, icon in files:
            st.download_button(
                name, make, f"evaluation-{entry.id}-{name}", mime, icon=icon, on_click="ignore", key=f"evaluate-{name}"
            )
