"""Why this text rather than another one: a field, and the explanation that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from vtviz.attribution.registry import find_method, methods
from vtviz.engine.explanation import Explanation
from vtviz.engine.intervention import Contrast
from vtviz.engine.lens import lens_view
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.interventions import ExplainContrast
from vtviz.inputs import MAX_CHARACTERS, InputError, check_text
from vtviz.models.base import ModelError
from vtviz.render.lens.view import LensView
from vtviz.ui.ask.links import note_wrong
from vtviz.ui.ask.selection import text_language
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.waiting import ask

AGAINST = "against"  # of a link; the other text
FIELD = "contrast-text"


def open_contrast(query: Mapping[str, str]) -> None:
    """Takes over the other text of a link."""
    if AGAINST not in query:
        return
    try:
        if len(query[AGAINST]) > MAX_CHARACTERS:
            raise InputError("The text is longer than {limit} characters; shorten it.", limit=MAX_CHARACTERS)
        st.session_state[FIELD] = check_text(query[AGAINST])
    except InputError:
        note_wrong(AGAINST)


def ask_contrast() -> None:
    """The field for the other text."""
    st.markdown(f"**{say('contrast.title')}**", help=say("contrast.help"))
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.text_input(
            say("contrast.field"),
            key=FIELD,
            max_chars=MAX_CHARACTERS,
            placeholder=say(f"contrast.place_{text_language()}"),
            label_visibility="collapsed",
            persist_state="session",
        )
        if _text():
            st.button(say("contrast.leave"), key="contrast-leave", icon=":material/close:", on_click=_leave)


def contrast_query() -> dict[str, str]:
    """The other text as a parameter of the address."""
    return {AGAINST: _text()} if _text() else {}


def contrast_view(explanation: Explanation, request: Explain) -> LensView | None:
    """What speaks for the text rather than for the other one; None where there is no other, or it cannot be said."""
    against = _text()
    if not against:
        return None
    quick = request.method in methods() and not find_method(str(request.method)).perturbs
    asked = replace(request, method=request.method if quick and _depends(str(request.method)) else None)
    try:
        found: Contrast = ask(ExplainContrast(asked, against))
    except (InputError, ModelError) as error:
        st.error(plain(say_error(error)), icon=":material/error:")
        return None
    view = lens_view(found.first, found.first.method)
    return replace(view, method=say("contrast.map"), looks=(), show="attribution", offered=True, total=None)


def _depends(method: str) -> bool:
    return find_method(method).uses_target


def _text() -> str:
    return str(st.session_state.get(FIELD) or "").strip()


def _leave() -> None:
    st.session_state[FIELD] = ""
