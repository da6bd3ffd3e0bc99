"""The files to keep of an explanation."""

from __future__ import annotations

import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.engine.export import to_json, token_scores
from vtviz.render.lens.page import lens_page
from vtviz.render.lens.settings import LensSettings
from vtviz.render.lens.view import LensView
from vtviz.ui.frame.language import current_language, say


def show_downloads(explanation: Explanation, view: LensView, alt: str, pinned: LensSettings) -> None:
    """The lens as a page of its own, explanation.json, and a table of scores."""
    with st.popover(say("export.title"), icon=":material/download:", wrap=False):
        _show_files(explanation, view, alt, pinned)


def _show_files(explanation: Explanation, view: LensView, alt: str, pinned: LensSettings) -> None:
    language = current_language()
    st.download_button(
        say("answer.page"),
        lambda: lens_page(view, alt, explanation.tokens.text, pinned, language=language),
        f"vtviz-{explanation.fingerprint}.html",
        "text/html",
        icon=":material/web:",
        help=say("answer.page_help"),
        on_click="ignore",
    )
    st.download_button(
        "explanation.json",
        lambda: to_json(explanation),
        "explanation.json",
        "application/json",
        icon=":material/data_object:",
        on_click="ignore",
    )
    st.download_button(
        say("export.table"),
        lambda: token_scores(explanation),
        f"vtviz-{explanation.fingerprint}.csv",
        "text/csv",
        icon=":material/table:",
        help=say("export.table_help"),
        on_click="ignore",
    )
