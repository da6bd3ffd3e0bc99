"""The frame around every page. Streamlit's own pages router must never win, so every page calls ``setup`` first.

The router runs a page without app.py where a link to it is the first visit of all. Widgets drawn in such a run lose
their first click, so it is run once more, through app.py.
"""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from vtviz.paths import ASSETS, PAGES
from vtviz.sentences import LANGUAGES
from vtviz.ui.frame.language import say

IN_APP = "_vtviz_in_app"
REROUTED = "_vtviz_rerouted"


def pages() -> list[StreamlitPage]:
    """The pages, first to last; the first is at ``/``."""
    return [
        st.Page(PAGES / "explore.py", title=say("page.explore"), default=True),
        st.Page(PAGES / "compare.py", title=say("page.compare")),
        st.Page(PAGES / "describe.py", title=say("page.describe")),
        st.Page(PAGES / "learn.py", title=say("page.learn")),
        st.Page(PAGES / "audit.py", title=say("page.audit")),
        st.Page(PAGES / "monitor.py", title=say("page.monitor")),
    ]


def run_app() -> None:
    """What app.py does."""
    _open_language()
    st.session_state[IN_APP] = True
    try:
        st.navigation(pages()).run()
    finally:
        st.session_state[IN_APP] = False


def go_to(name: str) -> None:
    """Leaves for the page in ``pages/NAME.py``."""
    st.switch_page(next(page for page in pages() if page.url_path == name))


def setup(title: str) -> None:
    """The first call of every page: routing, page settings, sidebar."""
    if not st.session_state.get(IN_APP):
        _open_language()
        st.navigation(pages())
        if not st.session_state.get(REROUTED):
            st.session_state[REROUTED] = True
            st.rerun()
    st.set_page_config(page_title=f"{say(title)} · vtviz", page_icon=ASSETS / "icon.png", layout="wide")
    st.html(ASSETS / "theme.css")
    with st.sidebar:
        st.markdown("### vtviz")
        st.caption(say("shell.about"))
        st.selectbox(
            "Language · 语言", list(LANGUAGES), format_func=LANGUAGES.__getitem__, key="lang", persist_state="session"
        )
        st.caption(say("shell.privacy"))


def _open_language() -> None:
    """The language of a link, before the first word is said."""
    if "lang" not in st.session_state and st.query_params.get("lang") in LANGUAGES:
        st.session_state["lang"] = st.query_params["lang"]
