"""Does the map of this explanation move the model's answer? Measured on demand, or for every explanation."""

from __future__ import annotations

import time

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from vtviz.attribution.masked import FILLS, Fill
from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.faithfulness import RANKINGS, STEPS, Faithfulness, MeasureFaithfulness
from vtviz.inputs import InputError
from vtviz.models.base import ModelError
from vtviz.ui.ask.choice import kept_choice
from vtviz.ui.frame.charts import GREY, show_chart
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.pace import duration, expected_seconds, note_pace
from vtviz.ui.frame.results import Results, session_results
from vtviz.ui.frame.waiting import ask
from vtviz.ui.show.more_metrics import more_metrics

KEPT = "faithfulness"
PACE, PASSES = "faithfulness", 2 * STEPS * (1 + RANKINGS)
ALWAYS = "faithfulness-always"


@st.fragment
def faithfulness_panel(explanation: Explanation) -> None:
    """Quick metrics of an explanation, with its curves beside random rankings; below them all other metrics."""
    st.subheader(say("faithfulness.title"), help=say("faithfulness.help"))
    try:
        more_metrics(explanation, *_quick(explanation))
    except (InputError, ModelError) as error:
        st.error(plain(say_error(error)), icon=":material/error:")


def _quick(explanation: Explanation) -> tuple[Fill, Faithfulness | None]:
    """Measures with the chosen fill where a person asks for it; returns the fill, and the result if there is one."""
    kept: Results[tuple[str, Fill], Faithfulness | None] = session_results(KEPT)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fill: Fill = kept_choice(
            say("faithfulness.fill"),
            FILLS,
            "faithfulness-fill",
            FILLS[0],
            format_func=lambda name: say(f"audit.fill.{name}"),
            help=say("audit.fill_help"),
            width=220,
        )
        key = (explanation.fingerprint, fill)
        known = key in kept
        asked = st.button(say("faithfulness.measure"), icon=":material/fact_check:", disabled=known)
        always = st.toggle(say("faithfulness.always"), key=ALWAYS, persist_state="session")
    if not known and not (asked or always):
        needed = expected_seconds((PACE, explanation.model), PASSES, explanation.timings_ms["forward"])
        st.caption(say("faithfulness.about", time=duration(needed), steps=STEPS, rankings=RANKINGS))
        return fill, None
    if not known:
        request, area, began = MeasureFaithfulness(explanation.attribution, fill), st.empty(), time.monotonic()
        try:
            kept[key] = ask(request, lambda now, seconds: (now.share, say("faithfulness.running")), area=area)
        finally:
            area.empty()
        note_pace((PACE, explanation.model), PASSES, time.monotonic() - began)
    _show(kept[key])
    return fill, kept[key]


def _show(result: Faithfulness | None) -> None:
    if result is None:
        st.info(say("faithfulness.flat"), icon=":material/help:")
        return
    figures = result.figures
    better = figures["insertion"] > figures["random_insertion"] and figures["deletion"] < figures["random_deletion"]
    worse = figures["insertion"] < figures["random_insertion"] and figures["deletion"] > figures["random_deletion"]
    key = "better" if better else "worse" if worse else "mixed"
    st.markdown(say(f"faithfulness.{key}"))
    sides = (
        ("insertion", result.insertion, result.random_insertion, "normal"),
        ("deletion", result.deletion, result.random_deletion, "inverse"),
    )
    for column, (name, own, random, colour) in zip(st.columns(2), sides, strict=True):
        gap = figures[name] - figures[f"random_{name}"]
        column.metric(
            say(f"faithfulness.{name}"),
            f"{figures[name]:.2f}",
            say("faithfulness.gap", gap=f"{gap:+.2f}"),
            delta_color=colour,  # type: ignore[arg-type]
            help=say(f"faithfulness.{name}_help"),
        )
        with column:
            show_chart(_curves(own, random), f"faithfulness-{name}")
    st.caption(say("faithfulness.caution", steps=STEPS, rankings=RANKINGS))


def _curves(own: np.ndarray, random: np.ndarray) -> go.Figure:
    share = np.linspace(0.0, 1.0, len(own))
    chart = go.Figure()
    for number, curve in enumerate(random):
        chart.add_scatter(
            x=share, y=curve, mode="lines", line={"color": GREY, "width": 1.5, "dash": "dot"},
            name=say("faithfulness.random"), showlegend=number == 0,
        )  # fmt: skip
    chart.add_scatter(x=share, y=own, mode="lines+markers", name=say("faithfulness.own"), line={"width": 3})
    return chart.update_layout(
        height=240,
        xaxis={"title": say("faithfulness.share"), "tickformat": ".0%"},
        yaxis={"title": say("faithfulness.answer"), "rangemode": "tozero"},
    )
