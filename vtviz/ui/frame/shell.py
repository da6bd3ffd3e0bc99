"""The frame around every page. Streamlit's own pages router must never win, so every page calls ``setup`` first.

The router runs a page without app.py where a link to it is the first visit of all. Widgets drawn in such a run lose
their first click, so it is run once more, through app.py.
"""

from __future__ import annotations

from html import escape

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from vtviz.paths import ASSETS, PAGES
from vtviz.sentences import LANGUAGES
from vtviz.ui.frame.components import component
from vtviz.ui.frame.language import current_language, say
from vtviz.ui.frame.person.visitor import COOKIE, visitor_name
from vtviz.ui.frame.person.way_in import need_person, offer_leaving
from vtviz.ui.frame.screen import reserve_progress
from vtviz.ui.frame.welcome import welcome

IN_APP = "_vtviz_in_app"
REROUTED = "_vtviz_rerouted"
FIRST = "explore"  # the page at the root, whose url_path is empty


def pages() -> list[StreamlitPage]:
    """The pages, first to last; the first is at ``/``."""
    return [
        st.Page(PAGES / "explore.py", title=say("page.explore"), default=True),
        st.Page(PAGES / "compare.py", title=say("page.compare")),
        st.Page(PAGES / "describe.py", title=say("page.describe")),
        st.Page(PAGES / "learn.py", title=say("page.learn")),
        st.Page(PAGES / "train.py", title=say("page.train")),
        st.Page(PAGES / "evaluate.py", title=say("page.evaluate")),
        st.Page(PAGES / "audit.py", title=say("page.audit")),
        st.Page(PAGES / "monitor.py", title=say("page.monitor")),
        st.Page(PAGES / "privacy.py", title=say("page.privacy")),
    ]


def run_app() -> None:
    """What app.py does."""
    _open_language()
    st.session_state[IN_APP] = True
    page = _navigation()
    try:
        with welcome(page):
            page.run()
    finally:
        st.session_state[IN_APP] = False


def go_to(name: str) -> None:
    """Leaves for the page in ``pages/NAME.py``."""
    st.switch_page(next(page for page in pages() if (page.url_path or FIRST) == name))


def setup(title: str, is_screen: bool = False) -> None:
    """The first call of every page: routing, page settings, the bar above it; on a page that is one screen, where every
    line counts, a heading that only screen readers meet."""
    if not st.session_state.get(IN_APP):
        _open_language()
        _navigation()
        if not st.session_state.get(REROUTED):
            st.session_state[REROUTED] = True
            st.rerun()
    st.set_page_config(page_title=f"{say(title)} · vtviz", page_icon=ASSETS / "icon.png", layout="wide")
    st.html(ASSETS / "theme.css")
    with st.container(key="frame-bar", horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.selectbox(
            "Language · 语言",
            list(LANGUAGES),
            format_func=LANGUAGES.__getitem__,
            key="lang",
            persist_state="session",
            label_visibility="collapsed",
            width=112,
        )
        offer_leaving()
        component("bar")(
            key="bar",
            width=34,
            data={
                "visitor": visitor_name(),
                "cookie": COOKIE,
                "language": "zh-Hans" if current_language() == "zh" else "en",
                "theme": say("shell.theme"),
                "skip": say("shell.skip"),
            },
        )
    reserve_progress()
    need_person()
    if is_screen:
        st.html(f"<h1 class='unseen'>{escape(say(title))}</h1>")


def _navigation() -> StreamlitPage:
    """The bar above every page."""
    return st.navigation(pages(), position="top")


def _open_language() -> None:
    """The language of a link, before the first word is said."""
    if "lang" not in st.session_state and st.query_params.get("lang") in LANGUAGES:
        st.session_state["lang"] = st.query_params["lang"]
