"""The explanations of this session, newest first. Only selections and scores are kept; a click computes again what the
engine no longer has."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.explain import Explain
from vtviz.ui.ask.inputs import clear_upload
from vtviz.ui.ask.photos import thumbnail
from vtviz.ui.ask.selection import MATCH, Selection, select, selected
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.names import method_name, target_name
from vtviz.ui.frame.shell import go_to

HISTORY, OPEN, KEPT = "history", "history-open", 20


@dataclass(frozen=True)
class Past:
    """An explanation of before: what was asked, and the answer in a number."""

    selection: Selection
    score: float
    is_probability: bool = True

    @property
    def shown(self) -> str:
        """The score as the page shows it."""
        return f"{self.score:.0%}" if self.is_probability else f"{self.score:.3f}"


def remember(explanation: Explanation, request: Explain, side: str = "") -> None:
    """Puts an explanation at the top of the session's history; one that stands in for a slow method does not count."""
    if request.method not in (None, explanation.method):
        return
    asked = replace(selected(side), method=explanation.method)
    before = [each for each in st.session_state.get(HISTORY, []) if each.selection != asked]
    st.session_state[HISTORY] = [Past(asked, explanation.score, explanation.score_kind == "probability"), *before][
        :KEPT
    ]


def show_history() -> None:
    """The past explanations: a click brings one back, another compares it with what is shown."""
    past: list[Past] = st.session_state.get(HISTORY, [])
    title = say("history.title", count=len(past))
    with st.expander(title, key=OPEN, icon=":material/history:", on_change="rerun") as opened:
        if not opened.open:
            return  # what is not seen is not sent
        if not past:
            st.caption(say("history.empty"))
        for place, each in enumerate(past):
            _row(place, each)
        if past:
            st.button(say("history.clear"), type="tertiary", icon=":material/delete:", on_click=_forget)


def _row(place: int, past: Past) -> None:
    asked = past.selection
    picture, text, compare = st.columns([1, 3, 0.8], vertical_alignment="center", gap="small")
    small = thumbnail(asked.photo)
    if small:
        picture.image(small, alt="")
    about = " · ".join([past.shown, *([method_name(asked.method)] if asked.method else [])])
    if asked.target != MATCH:
        about = f"{about} · {target_name(asked.target)}"
    text.button(
        f"{plain(asked.text)}  \n:small[{plain(about)}]",
        key=f"again-{place}",
        help=say("history.again"),
        type="tertiary",
        on_click=_again,
        args=(asked,),
    )
    about = say("history.compare")
    if compare.button("", key=f"compare-{place}", icon=":material/compare:", help=about, type="tertiary"):
        select("a", **asdict(selected()))
        select("b", **asdict(asked))
        go_to("compare")


def _again(asked: Selection) -> None:
    select(**asdict(asked))
    clear_upload("")


def _forget() -> None:
    st.session_state[HISTORY] = []
