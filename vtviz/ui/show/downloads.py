"""The files to keep of an explanation."""

from __future__ import annotations

import streamlit as st

from vtviz.engine.about import about
from vtviz.engine.explanation import Explanation
from vtviz.engine.export import to_json, token_scores
from vtviz.render.lens.about import About
from vtviz.render.lens.page import lens_page
from vtviz.render.lens.settings import LensSettings
from vtviz.render.lens.view import LensView
from vtviz.ui.frame.language import current_language, say


def show_downloads(explanation: Explanation, view: LensView, alt: str, pinned: LensSettings, link: str) -> None:
    """The lens as a page of its own, explanation.json, and a table of scores. ``link`` brings the view back."""
    with st.popover(say("export.title"), icon=":material/download:", wrap=False), st.container(key="up-save"):
        offer_page(view, alt, pinned, about(explanation, current_language(), link), explanation.fingerprint)
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


def offer_page(view: LensView, alt: str, pinned: LensSettings, made: About, name: str) -> None:
    """The lens as a page of its own."""
    language = current_language()
    st.download_button(
        say("answer.page"),
        lambda: lens_page(view, alt, view.tokens.text, pinned, language, made),
        f"vtviz-{name}.html",
        "text/html",
        icon=":material/web:",
        help=say("answer.page_help"),
        on_click="ignore",
    )
