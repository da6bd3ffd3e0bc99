"""The attention heads of an explanation: how spread out and how alike they are, and how much each matters."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.engine.heads import head_entropies, head_similarities
from vtviz.engine.requests.heads import MeasureHeads
from vtviz.inputs import InputError
from vtviz.models.base import ModelError
from vtviz.ui.frame.charts import show_chart
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.results import Results, session_results
from vtviz.ui.frame.waiting import ask

KEPT = "head-changes"
NO_BREAK = "\u00a0"
Key = tuple[str, str, str]


@st.fragment
def show_heads(explanation: Explanation) -> None:
    """Entropy of every head, how alike those of a layer are, and the change of the match without each; where somebody
    looks, for drawing charts that nobody sees would slow every new text."""
    with st.expander(say("metrics.heads"), key="heads-open", icon=":material/grid_on:", on_change="rerun") as opened:
        if opened.open:
            _show(explanation)


def _show(explanation: Explanation) -> None:
    left, right = st.container(), st.container()
    left.markdown(f"**{say('metrics.entropies')}**", help=say("metrics.entropy_help"))
    entropies = _heat(head_entropies(explanation), "Cividis", (0.0, 1.0), ".2f")
    with left:
        show_chart(entropies, "entropies")
    alike = [
        f"{say('pick.layer_number', number=number)} {value:.2f}".replace(" ", NO_BREAK)
        for number, value in enumerate(head_similarities(explanation), start=1)
        if not np.isnan(value)
    ]
    if alike:
        left.caption(say("metrics.alike", layers=" · ".join(alike)), help=say("metrics.alike_help"))
    if explanation.main_kind != "text→image":
        return
    with right:
        st.markdown(f"**{say('metrics.importance')}**", help=say("metrics.importance_help"))
        try:
            _show_changes(explanation)
        except (InputError, ModelError) as error:
            st.error(plain(say_error(error)), icon=":material/error:")


def _show_changes(explanation: Explanation) -> None:
    kept: Results[Key, np.ndarray | None] = session_results(KEPT)
    key = (explanation.model, explanation.image.sha256, explanation.tokens.text)
    if key not in kept:
        offer = st.empty()
        with offer.container():
            st.caption(say("metrics.importance_about"))
            asked = st.button(say("faithfulness.measure"), key="measure-heads", icon=":material/fact_check:")
        if not asked:
            return
        offer.empty()
        request = MeasureHeads.of(explanation)
        kept[key] = ask(request, lambda now, seconds: (now.share, say("pick.layer_number", number=now.done + 1)))
    changes = kept[key]
    if changes is None:
        st.caption(say("metrics.importance_none"))
        return
    largest = float(np.abs(changes).max()) or 1.0
    decimals = max(2, 1 - math.floor(math.log10(largest)))  # log-probabilities change by less than logits
    show_chart(_heat(changes, "RdBu", (-largest, largest), f"+.{decimals}f"), "importance")
    st.caption(say("metrics.importance_colours"))


def _heat(values: np.ndarray, scale: str, ends: tuple[float, float], digits: str) -> go.Figure:
    heat = go.Heatmap(
        z=values,
        x=[str(i + 1) for i in range(values.shape[1])],
        y=[say("pick.layer_number", number=i + 1) for i in range(values.shape[0])],
        colorscale=scale,
        zmin=ends[0],
        zmax=ends[1],
        showscale=False,
        texttemplate=f"%{{z:{digits}}}",
        hovertemplate=f"%{{y}}, {say('pick.head')} %{{x}}: %{{z:.3g}}<extra></extra>",
    )
    return go.Figure(heat).update_layout(
        height=max(230, 22 * len(values)),
        yaxis_autorange="reversed",
        xaxis={"title": say("pick.head"), "type": "category"},
    )
