"""The curves of a training."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from vtviz.ui.frame.language import say

HEIGHT = 280
LOSS = "loss "
TABLE = ("auc", "auc foils", "pointing", "recall@10")
FIGURES = (*TABLE, "auc far", "map auc", "f1", "answers", "bleu4")


def figure_name(name: str, about: bool = False) -> str:
    """What a figure on dev is called, or what it says."""
    return say(f"train.figure.{name.replace(' ', '_').replace('@', '_')}{'.about' if about else ''}")


def loss_name(name: str) -> str:
    """What a loss is called."""
    return say(f"train.loss.{name.replace(' ', '_')}")


def losses_chart(history: Sequence[dict[str, float]]) -> go.Figure:
    """Each loss over the steps."""
    names = [name for name in dict.fromkeys(name for row in history for name in row) if name.startswith(LOSS)]
    chart = go.Figure()
    for name in names:
        _line(chart, history, name, loss_name(name.removeprefix(LOSS)))
    return chart.update_layout(height=HEIGHT, xaxis_title=say("train.step"), yaxis_rangemode="tozero")


def figures_chart(history: Sequence[dict[str, float]]) -> go.Figure:
    """Figures on dev over the steps."""
    chart = go.Figure()
    for name in FIGURES:
        if any(name in row for row in history):
            _line(chart, history, name, figure_name(name), "lines+markers")
    return chart.update_layout(height=HEIGHT, xaxis_title=say("train.step")).update_yaxes(range=[0, 1.02])


def roc_chart(curves: dict[str, tuple[Sequence[float], Sequence[float]]]) -> go.Figure:
    """ROC curves by name, each as false and true positive rates."""
    chart = go.Figure()
    chart.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": "#8a93a0"}, showlegend=False)
    for name, (x, y) in curves.items():
        chart.add_scatter(x=list(x), y=list(y), mode="lines", name=name, line={"width": 2.5})
    chart.update_xaxes(title=say("train.roc.x"), range=[-0.02, 1.02])
    return chart.update_yaxes(title=say("train.roc.y"), range=[-0.02, 1.02]).update_layout(height=HEIGHT)


def _line(chart: go.Figure, history: Sequence[dict[str, float]], key: str, name: str, mode: str = "lines") -> None:
    rows = [row for row in history if key in row]
    chart.add_scatter(x=[row["step"] for row in rows], y=[row[key] for row in rows], mode=mode, name=name)
