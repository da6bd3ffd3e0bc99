"""Sink patches of a CLIP tower, and what a register in their place changes."""

from __future__ import annotations

from typing import Any

import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.sinks import FindSinks, Side, before_and_after
from vtviz.inputs import InputError
from vtviz.models.base import ModelError
from vtviz.models.open_clip.names import with_registers
from vtviz.models.open_clip.registers.sinks import Sinks
from vtviz.ui.ask.selection import select
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.results import Results, session_results
from vtviz.ui.frame.waiting import ask

KEPT, COMPARED = "sinks", "sinks-compared"
ROWS = (("score", ".3f"), ("sinks", "d"), ("attention", ".0%"), ("insertion", ".3f"), ("deletion", ".3f"))
Key = tuple[str, str]


def show_sinks(explanation: Explanation) -> None:
    """For dual encoders, whose own attention is all that there is: which patches are sinks, measured on demand."""
    if explanation.main_kind != "image":
        return
    with st.expander(say("sinks.title"), key="sinks-open", icon=":material/water_drop:", on_change="rerun") as opened:
        if opened.open:
            try:
                _show(explanation)
            except (InputError, ModelError) as error:
                st.error(plain(say_error(error)), icon=":material/error:")


def _show(explanation: Explanation) -> None:
    st.caption(say("sinks.about"))
    kept: Results[Key, Sinks | None] = session_results(KEPT)
    key = (explanation.model, explanation.image.sha256)
    if key not in kept:
        if not st.button(say("faithfulness.measure"), key="measure-sinks", icon=":material/fact_check:"):
            return
        kept[key] = ask(FindSinks(explanation.image, explanation.model, explanation.asked_device))
    sinks = kept[key]
    if sinks is None:
        st.caption(say("sinks.none_here"))
        return
    if not sinks.count:
        st.markdown(say("sinks.none"))
        return
    places = ", ".join(f"{row + 1}/{column + 1}" for row, column in sinks.places)
    st.markdown(say("sinks.found", count=sinks.count, all=sinks.found.size, share=f"{sinks.share:.0%}", places=places))
    _compare(explanation)


def _compare(explanation: Explanation) -> None:
    name = with_registers(explanation.model)
    if name is None:
        return
    kept: Results[str, tuple[Side, Side] | None] = session_results(COMPARED)
    if explanation.fingerprint not in kept:
        if not st.button(say("sinks.compare"), key="compare-sinks", icon=":material/healing:"):
            return
        kept[explanation.fingerprint] = before_and_after(explanation, ask)
    both = kept[explanation.fingerprint]
    if both is None:
        return
    st.table([_row(name, digits, both) for name, digits in ROWS])
    if st.button(say("sinks.use"), key="use-register"):
        select(model=name)
        st.rerun()


def _row(name: str, digits: str, both: tuple[Side, Side]) -> dict[str, Any]:
    before, after = (side.figures[name] for side in both)
    shown = ("" if value is None else format(value, digits) for value in (before, after))
    return dict(zip(("", say("sinks.before"), say("sinks.after")), (say(f"sinks.row.{name}"), *shown), strict=True))
