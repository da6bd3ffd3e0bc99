"""What an explanation cost, and what the attention heads did."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.engine.heads import head_entropies
from vtviz.engine.requests.explain import STAGES
from vtviz.ui.ask.models import show_model
from vtviz.ui.frame.charts import show_chart
from vtviz.ui.frame.language import plain, say, say_stored


def metrics_line(explanation: Explanation) -> str:
    """Time, memory and device in a line."""
    spent, memory = explanation.timings_ms["total"], explanation.memory_mb
    return say("metrics.line", total=f"{spent:.0f}", memory=f"{memory:.0f}", device=say_stored(explanation.device))


def show_metrics(explanation: Explanation) -> None:
    """The model that ran, time of each stage, device, memory, and what each head of the model did; in a line that
    opens."""
    key, icon = "metrics-open", ":material/info:"
    with st.popover(metrics_line(explanation), icon=icon, key=key, on_change="rerun", wrap=False) as line:
        if line.open:
            with st.container(key="up-info"):
                _show_all(explanation)


def _show_all(explanation: Explanation) -> None:
    show_model(explanation)
    st.caption(say("shell.privacy"))
    timings = explanation.timings_ms
    values = {
        "metrics.total": f"{timings['total']:.0f} ms",
        "metrics.memory": f"{explanation.memory_mb:.0f} MiB",
        "metrics.entropy": f"{_chosen_entropy(explanation):.2f}",
        "metrics.patches": f"{explanation.grid[0]} × {explanation.grid[1]}",
    }
    for column, (key, value) in zip(st.columns(4), values.items(), strict=True):
        column.metric(say(key), value, help=say(f"{key}_help"))
    st.caption(say("metrics.device", device=say_stored(explanation.device), model=plain(explanation.model)))
    st.markdown(f"**{say('metrics.stages')}**")
    show_chart(_timings_chart(explanation.timings_ms), "timings", right=30)


def _chosen_entropy(explanation: Explanation) -> float:
    values = head_entropies(explanation)
    return float(values[explanation.layer if explanation.main_kind == "text→image" else -1].mean())


def _timings_chart(timings: dict[str, float]) -> go.Figure:
    names = [say(f"stage.{stage}") for stage in STAGES]
    values = [timings[stage] for stage in STAGES]
    bars = go.Bar(
        x=values, y=names, orientation="h", text=[f"{v:.0f} ms" for v in values], textposition="auto", cliponaxis=False
    )
    return go.Figure(bars).update_layout(height=230, yaxis_autorange="reversed", xaxis_title="ms")
