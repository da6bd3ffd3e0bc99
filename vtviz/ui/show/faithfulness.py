"""Does the map of this explanation move the model's answer? Measured when asked, or for every explanation."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from vtviz.attribution.masked import FILLS, Fill
from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.faithfulness import RANKINGS, STEPS, Faithfulness, MeasureFaithfulness
from vtviz.engine.turns import Busy
from vtviz.inputs import InputError
from vtviz.models.base import ModelError
from vtviz.ui.frame.charts import coloured
from vtviz.ui.frame.language import current_language, plain, say, say_error
from vtviz.ui.frame.waiting import ask
from vtviz.ui.show.measures import more_measures

KEPT = "faithfulness"
ALWAYS = "faithfulness-always"
MOST = 20  # results kept for a person


@st.fragment
def faithfulness_panel(explanation: Explanation) -> None:
    """The quick measure of an explanation, with its curves beside random rankings; below it all other measures."""
    st.subheader(say("faithfulness.title"), help=say("faithfulness.help"))
    try:
        more_measures(explanation, *_quick(explanation))
    except (InputError, ModelError, Busy) as error:
        st.error(plain(say_error(error)), icon=":material/error:")


def _quick(explanation: Explanation) -> tuple[Fill, Faithfulness | None]:
    """The quick measure with the chosen fill; both are returned, None where it was not taken."""
    kept: dict[tuple[str, Fill], Faithfulness | None] = st.session_state.setdefault(KEPT, {})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fill: Fill = st.selectbox(
            say("faithfulness.fill"),
            FILLS,
            format_func=lambda name: say(f"audit.fill.{name}"),
            help=say("audit.fill_help"),
            key=f"faithfulness-fill-{current_language()}",
            width=220,
        )
        key = (explanation.fingerprint, fill)
        known = key in kept
        asked = st.button(say("faithfulness.measure"), icon=":material/fact_check:", disabled=known)
        always = st.toggle(say("faithfulness.always"), key=ALWAYS, persist_state="session")
    if not known and not (asked or always):
        st.caption(say("faithfulness.about"))
        return fill, None
    if not known:
        request = MeasureFaithfulness(explanation.attribution, fill)
        kept[key] = ask(request, lambda now, seconds: (now.share, say("faithfulness.running")))
        while len(kept) > MOST:
            del kept[next(iter(kept))]
    _show(kept[key])
    return fill, kept[key]


def _show(found: Faithfulness | None) -> None:
    if found is None:
        st.info(say("faithfulness.flat"), icon=":material/help:")
        return
    figures = found.figures
    better = figures["insertion"] > figures["random_insertion"] and figures["deletion"] < figures["random_deletion"]
    worse = figures["insertion"] < figures["random_insertion"] and figures["deletion"] > figures["random_deletion"]
    key = "better" if better else "worse" if worse else "mixed"
    st.markdown(say(f"faithfulness.{key}"))
    sides = (
        ("insertion", found.insertion, found.random_insertion, "normal"),
        ("deletion", found.deletion, found.random_deletion, "inverse"),
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
        column.plotly_chart(
            coloured(_curves(own, random)), key=f"faithfulness-{name}", config={"displayModeBar": False}
        )
    st.caption(say("faithfulness.caution", steps=STEPS, rankings=RANKINGS))


def _curves(own: np.ndarray, random: np.ndarray) -> go.Figure:
    share = np.linspace(0.0, 1.0, len(own))
    chart = go.Figure()
    for place, curve in enumerate(random):
        chart.add_scatter(
            x=share, y=curve, mode="lines", line={"color": "#8a93a0", "width": 1.5, "dash": "dot"},
            name=say("faithfulness.random"), showlegend=place == 0,
        )  # fmt: skip
    chart.add_scatter(x=share, y=own, mode="lines+markers", name=say("faithfulness.own"), line={"width": 3})
    return chart.update_layout(
        height=240,
        margin={"l": 0, "r": 10, "t": 5, "b": 0},
        xaxis={"title": say("faithfulness.share"), "tickformat": ".0%"},
        yaxis={"title": say("faithfulness.answer"), "rangemode": "tozero"},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
