"""Links that bring back what is on a page, but for an uploaded photo, which they name by its hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import streamlit as st

from vtviz.render.lens.settings import LensSettings
from vtviz.sentences import LANGUAGES
from vtviz.ui.ask.photos import photo_name, photo_of
from vtviz.ui.ask.selection import from_query, select_all, selected, to_query
from vtviz.ui.frame.components import component
from vtviz.ui.frame.language import current_language, plain, say

WRONG, WANTED, LENS = "link-wrong", "link-wanted", "lens."
SHOWN = 24  # names, and characters of each


def open_link(page: str, sides: Sequence[str] = ("",)) -> dict[str, str]:
    """Takes over what the address says, the first time that a session sees the page; returns all of its parameters."""
    if st.session_state.get(f"opened-{page}"):
        return {}
    st.session_state[f"opened-{page}"] = True
    query = st.query_params.to_dict()
    wrong: list[str] = []
    for side in sides:
        prefix = prefix_of(side)
        chosen, bad = from_query(query, selected(side), prefix)
        wrong += bad
        if f"{prefix}photo" in query or f"{prefix}text" in query or chosen != selected(side):
            select_all(chosen, side)
        if not chosen.is_sample:
            st.session_state[WANTED + side] = chosen.photo
    if query.get("lang", "en") not in LANGUAGES:
        wrong.append("lang")
    lens = {name.removeprefix(LENS): value for name, value in query.items() if name.startswith(LENS)}
    wrong += [LENS + name for name in LensSettings.unread(lens)]
    for name in wrong:
        query.pop(name, None)
    st.session_state[WRONG] = wrong
    return query


def note_wrong(name: str) -> None:
    """Adds a parameter of the link that made no sense to those that ``show_link_notices`` names."""
    st.session_state[WRONG] = [*st.session_state.get(WRONG, ()), name]


def prefix_of(side: str) -> str:
    """What a side's parameters begin with."""
    return f"{side}." if side else ""


def show_link_notices(sides: Sequence[str] = ("",)) -> None:
    """What of the link could not be read, once; and which uploaded photo it needs."""
    wrong = st.session_state.pop(WRONG, [])
    if wrong:
        st.warning(say("link.wrong", names=plain(_listed(wrong))), icon=":material/link_off:")
    for side in sides:
        wanted, chosen = st.session_state.get(WANTED + side), selected(side)
        if wanted and wanted != chosen.photo and not chosen.is_sample:
            shown = photo_name(chosen.photo)
            st.warning(say("link.other_photo", name=plain(shown), hash=wanted[:12]), icon=":material/image_search:")
        if wanted and (wanted == chosen.photo or chosen.is_sample) and photo_of(chosen.photo) is not None:
            del st.session_state[WANTED + side]


def _listed(names: Sequence[str]) -> str:
    """The first few names, each as long as a name of ours may be."""
    return ", ".join(name[:SHOWN] for name in names[:SHOWN]) + (" …" if len(names) > SHOWN else "")


def show_missing_photo(side: str = "") -> None:
    """Asks for the uploaded photo that a link or the history names and that is not here."""
    st.info(say("link.photo", hash=selected(side).photo[:12]), icon=":material/image_search:")


def query_of_sides(sides: Sequence[str] = ("",)) -> dict[str, str]:
    """What is selected on the sides as query parameters."""
    return {name: value for side in sides for name, value in to_query(selected(side), prefix_of(side)).items()}


def keep_address(query: dict[str, str]) -> dict[str, str]:
    """Puts what is on the page into the address, with the language; returns it all."""
    if current_language() != "en":
        query = {**query, "lang": current_language()}
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
    return query


def address_of(query: Mapping[str, str]) -> str:
    """The whole address that brings a view back; empty where the page does not know its own."""
    url = st.context.url
    return f"{url.partition('?')[0]}?{urlencode(query)}" if isinstance(url, str) else ""


def show_link(query: dict[str, str]) -> None:
    """Puts what is on the page into the address, and offers to copy it."""
    query = keep_address(query)
    labels = {name: say(f"link.{name}") for name in ("copy", "copied", "by_hand", "address")}
    component("link")(key="copy-link", data={"query": urlencode(query), "labels": labels})


def lens_of(query: Mapping[str, str]) -> LensSettings:
    """The settings of the lens that a link asks for."""
    names = {name.removeprefix(LENS): value for name, value in query.items() if name.startswith(LENS)}
    if names:
        names.setdefault("show", "attribution")  # what links meant before they said so
    return LensSettings.from_dict(names)


def query_of(settings: LensSettings) -> dict[str, str]:
    """The settings of a lens as query parameters."""
    return {LENS + name: value for name, value in settings.to_dict().items()}
