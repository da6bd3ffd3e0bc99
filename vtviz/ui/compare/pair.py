"""Two explanations side by side on a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import orjson
import streamlit as st

from vtviz.engine.comparison import compare, comparison_dict
from vtviz.engine.explanation import Explanation
from vtviz.metrics.agreement import TOP_SHARE
from vtviz.paths import ASSETS
from vtviz.render.lens.page import part as lens_part
from vtviz.ui.compare.pack import pair_data
from vtviz.ui.frame.language import say
from vtviz.ui.show.verdict import show_truncation, verdict

PAIR = "pair"


def open_pair(query: Mapping[str, str]) -> None:
    """Takes over the pinned pair of a link, for whatever its sides turn out to be."""
    if re.fullmatch(r"\d{1,4}", query.get(PAIR, ""), re.ASCII):
        st.session_state[PAIR] = (None, int(query[PAIR]))


def show_score(explanation: Explanation, other: Explanation | None = None) -> None:
    """The match score of a side, with the way from the other one's where it is given, and what it means."""
    points = None if other is None else 100 * (explanation.score - other.score)
    score, meaning = st.columns([1, 2.5], vertical_alignment="center")
    score.metric(
        say("answer.score"),
        f"{explanation.score:.0%}",
        None if points is None else say("compare.points", points=f"{points:+.0f}"),
        help=say("answer.score_help"),
    )
    _, icon, sentence = verdict(explanation)
    meaning.markdown(f"{icon} {sentence}")
    show_truncation(explanation.tokens)


def show_pair(a: Explanation, b: Explanation) -> int:
    """Both maps, their difference and the figures of every pair of words; returns the pinned pair."""
    comparison = compare(a, b)
    component = st.components.v2.component("vtviz_pair", html=_part("html"), css=_part("css"), js=_script())
    name = f"{a.fingerprint}-{b.fingerprint}"
    of, pinned = st.session_state.get(PAIR, (name, comparison.changed))
    if of not in (None, name) or not 0 <= pinned < len(comparison.pairs):
        pinned = comparison.changed
    result = component(
        key="pair-maps",
        data=pair_data(comparison, name, pinned),
        default={"pinned": None},
        on_pinned_change=lambda: None,
    )
    told = result.get("pinned") or {}
    at = told.get("pair") if told.get("name") == name else None
    chosen = at if isinstance(at, int) and 0 <= at < len(comparison.pairs) else pinned
    st.session_state[PAIR] = (name, chosen)
    about = say("compare.overlap_help", share=f"{TOP_SHARE:.0%}")
    st.caption(
        f"**{say('compare.correlation')}**: {say('compare.correlation_help')}  \n**{say('compare.overlap')}**: {about}"
    )
    if not comparison.same_photo:
        st.info(say("compare.other_photo"), icon=":material/image_not_supported:")
    st.download_button(
        "comparison.json",
        lambda: orjson.dumps(comparison_dict(comparison)),
        "comparison.json",
        "application/json",
        icon=":material/data_object:",
        on_click="ignore",
    )
    return chosen


@cache
def _part(kind: str) -> str:
    return (ASSETS / "pair" / f"pair.{kind}").read_text(encoding="utf-8")


@cache
def _script() -> str:
    return lens_part("paint.js") + _part("js")
