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
from vtviz.ui.frame.person.fair_share import fair_share
from vtviz.ui.frame.person.visitor import COOKIE, visitor_name
from vtviz.ui.frame.person.way_in import need_person, offer_leaving
from vtviz.ui.frame.screen import reserve_progress
from vtviz.ui.frame.welcome import welcome

IN_APP = "_vtviz_in_app"
REROUTED = "_vtviz_rerouted"
FIRST = "explore"  # the page at the root, whose url_path is empty


GROUPS = {
    "": ("explore", "what_if", "compare", "describe", "stories", "learn"),
    "page.tasks": ("search", "policy"),
    "page.models": ("train", "evaluate", "audit"),
    "page.server": ("monitor", "privacy"),
}


def pages() -> dict[str, list[StreamlitPage]]:
    """The pages by the menu that they are in, those of the bar itself under ``""``; the first is at ``/``."""
    return {say(group) if group else "": [page_named(name) for name in names] for group, names in GROUPS.items()}


def page_named(name: str) -> StreamlitPage:
    """The page in ``pages/NAME.py``."""
    return st.Page(PAGES / f"{name}.py", title=say(f"page.{name}"), default=name == FIRST)


def run_app() -> None:
    """What app.py does."""
    _open_language()
    st.session_state[IN_APP] = True
    page = _navigation()
    try:
        with fair_share(), welcome(page):
            page.run()
    finally:
        st.session_state[IN_APP] = False


def go_to(name: str) -> None:
    """Leaves for the page in ``pages/NAME.py``."""
    st.switch_page(page_named(name))


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
