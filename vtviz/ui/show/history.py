"""The explanations of this session, newest first. Only selections and scores are kept; a click recomputes what the
engine no longer has."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.explain import Explain
from vtviz.models.base import MATCH
from vtviz.ui.ask.inputs import clear_upload
from vtviz.ui.ask.photos import thumbnail
from vtviz.ui.ask.selection import Selection, select_all, selected
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.names import method_name, target_name
from vtviz.ui.frame.person.visitor import kept_for_visitor
from vtviz.ui.frame.scores import Score
from vtviz.ui.frame.shell import go_to

HISTORY, OPEN, KEPT = "history", "history-open", 20


@dataclass(frozen=True)
class Past:
    """An earlier explanation: what was asked, and the answer as a number."""

    selection: Selection
    score: Score
    key: str = ""  # of the request, as in the engine's log


def _kept() -> list[Past]:
    """What this person was shown, newest first; it survives a reload."""
    return kept_for_visitor(HISTORY, list)


def asked_texts() -> dict[str, str]:
    """What this person asked lately, by the key of the request."""
    return {past.key: past.selection.text for past in _kept()}


def remember(explanation: Explanation, request: Explain, side: str = "") -> None:
    """Puts an explanation at the top of the history; one that stands in for a slow method does not count."""
    if request.method not in (None, explanation.method):
        return
    asked = selected(side)
    others = [past for past in _kept() if past.selection != asked]
    _kept()[:] = [Past(asked, Score.of(explanation), request.key), *others][:KEPT]


def show_history() -> None:
    """The past explanations: a click brings one back, another compares it with what is shown."""
    history = _kept()
    title = say("history.title", count=len(history))
    with st.popover(title, key=OPEN, icon=":material/history:", on_change="rerun", wrap=False) as opened:
        if not opened.open:
            return  # what is not seen is not sent
        with st.container(key="up-history"):
            if not history:
                st.caption(say("history.empty"))
            for index, past in enumerate(history):
                _show_row(index, past)
            if history:
                st.button(say("history.clear"), type="tertiary", icon=":material/delete:", on_click=_forget)


def _show_row(index: int, past: Past) -> None:
    asked = past.selection
    picture, text, compare = st.columns([1, 4, 0.6], vertical_alignment="center", gap="small")
    small = thumbnail(asked.photo)
    if small:
        picture.image(small, alt="")
    about = " · ".join([past.score.text, *([method_name(asked.method)] if asked.method else [])])
    if asked.target != MATCH.kind:
        about = f"{about} · {target_name(asked.target)}"
    again = text.button(
        f"{plain(asked.text)}  \n:small[{plain(about)}]",
        key=f"again-{index}",
        help=say("history.again"),
        type="tertiary",
        on_click=_again,
        args=(asked,),
    )
    if again:
        st.rerun()  # the whole page, though the history is in a part of it
    about = say("history.compare")
    if compare.button("", key=f"compare-{index}", icon=":material/compare:", help=about, type="tertiary"):
        select_all(selected(), "a")
        select_all(asked, "b")
        go_to("compare")


def _again(asked: Selection) -> None:
    select_all(asked)
    clear_upload("")


def _forget() -> None:
    _kept().clear()
