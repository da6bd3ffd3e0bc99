"""What each attribution method answers, what it costs and when it misleads."""

from __future__ import annotations

import streamlit as st

from vtviz.attribution.base import Method
from vtviz.attribution.registry import GROUPS, group_of, in_groups, methods
from vtviz.engine.explanation import Explanation
from vtviz.models.base import MATCH
from vtviz.ui.frame.language import say, say_or
from vtviz.ui.frame.names import method_name


def show_guide(chosen: str) -> None:
    """When the chosen method misleads, and the guide to all methods, group by group."""
    _show_misleads(methods()[chosen])
    with st.popover(say("method.guide"), icon=":material/menu_book:", key="guide-open", on_change="rerun") as guide:
        if not guide.open:
            return  # what is not seen is not sent
        st.caption(say("method.legend"))
        for group in GROUPS:
            st.markdown(f"#### {say(f'method.group.{group}')}")
            for name in in_groups():
                if group_of(methods()[name]) == group:
                    _show_method(methods()[name])


def _show_method(method: Method) -> None:
    signs = [say(f"method.maps_{method.maps_of}")]
    signs += [] if method.scores_words else [say("method.words_none")]
    signs += [say("method.signed")] if method.signed else []
    with st.container(border=True, gap="small"):
        st.markdown(f"**{method_name(method.name)}**")
        st.markdown(say_or(f"method.{method.name}.about", method.label))
        st.code(method.formula, language=None, wrap_lines=True)
        _show_misleads(method)
        st.caption(f"{say('method.cost', cost=method.cost)} · {' · '.join(signs)}")
        st.caption(method.paper)


def _show_misleads(method: Method) -> None:
    misleads = say_or(f"method.{method.name}.misleads", "")
    if misleads:
        st.caption(say("method.misleads", text=misleads))


def show_notes(explanation: Explanation) -> None:
    """What it takes to read this map: whose it is, what is left unexplained, how much the text counts."""
    relevance, details = explanation.relevance, explanation.relevance.details
    if explanation.main_kind != "text→image":
        st.info(say("model.no_cross_attention"), icon=":material/compare_arrows:")
    if explanation.target.kind != MATCH.kind:
        st.caption(say(f"pick.note_{explanation.target.kind}"))
    notes = {"text": "method.text_map", "word": "method.word_maps", "none": "method.no_map"}
    if relevance.maps_of in notes:
        st.caption(say(notes[relevance.maps_of]))
    if not methods()[explanation.method].scores_words:
        st.caption(say("method.no_words"))
    if details is not None and None not in (details.value, details.baseline, details.delta):
        figures = {name: f"{getattr(details, name):.3g}" for name in ("value", "baseline", "delta")}
        st.caption(say("method.delta_large" if details.incomplete else "method.delta", **figures))
    if details is not None and details.text_share is not None:
        st.caption(say("method.share", share=f"{details.text_share:.0%}"))
