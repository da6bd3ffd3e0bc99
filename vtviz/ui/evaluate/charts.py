"""The charts of an evaluation, with the present threshold in each."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from vtviz.evaluation.figures.confusion import CATEGORIES, at_every_threshold, at_threshold
from vtviz.evaluation.figures.ranking import thinned
from vtviz.evaluation.figures.reliability import Reliability
from vtviz.evaluation.figures.scored import Scored
from vtviz.ui.frame.charts import GREY
from vtviz.ui.frame.language import say

HEIGHT = 300
BINS = 25
MARK = {"size": 13, "line": {"width": 2, "color": "white"}}
SHADES = [[0.0, "rgba(59,125,216,0.06)"], [1.0, "rgba(59,125,216,0.65)"]]


def confusion_chart(confusion: dict[str, int]) -> go.Figure:
    """The confusion matrix: truth in rows, decisions in columns; the shade is the share of its row."""
    rows = np.array([[confusion["tp"], confusion["fn"]], [confusion["fp"], confusion["tn"]]])
    shares = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1)
    columns = [say(f"evaluate.called.{name}") for name in CATEGORIES]
    lines = [say(f"evaluate.truth.{name}") for name in CATEGORIES]
    look = {"colorscale": SHADES, "zmin": 0, "zmax": 1, "showscale": False, "hoverinfo": "skip", "xgap": 4, "ygap": 4}
    chart = go.Figure(go.Heatmap(z=shares, x=columns, y=lines, **look))
    for name, (row, column) in {"tp": (0, 0), "fn": (0, 1), "fp": (1, 0), "tn": (1, 1)}.items():
        text = f"<b>{rows[row, column]}</b><br>{shares[row, column]:.0%}<br>{say(f'evaluate.cell.{name}')}"
        # Annotations have the colour of the theme; the text of a heatmap has one that is chosen without its opacity.
        chart.add_annotation(x=columns[column], y=lines[row], text=text, showarrow=False, font={"size": 15})
    chart.update_yaxes(autorange="reversed", tickangle=-90, showgrid=False)
    return chart.update_xaxes(side="top", showgrid=False).update_layout(height=HEIGHT)


def roc_chart(scored: dict[str, tuple[Scored, float]]) -> go.Figure:
    """The ROC curve of each model by name, with a mark where its threshold is."""
    chart = go.Figure()
    chart.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": GREY}, hoverinfo="skip", showlegend=False
    )
    for index, (name, (own, threshold)) in enumerate(scored.items()):
        _, every = at_every_threshold(own)
        now = at_threshold(own, threshold)
        x, y = thinned(every.fall_out, every.recall)
        _line(chart, x, y, name, index, "%{x:.3f} → %{y:.3f}")
        _mark(chart, now.fall_out, now.recall, index, threshold)
    _square(chart, say("evaluate.axis.fall_out"), say("evaluate.axis.recall_of_match"))
    return chart.update_layout(showlegend=len(scored) > 1)


def precision_recall_chart(scored: Scored, threshold: float) -> go.Figure:
    """Precision against recall of either category, with a mark where the threshold is."""
    chart, (_, every), now = go.Figure(), at_every_threshold(scored), at_threshold(scored, threshold)
    for index, category in enumerate(CATEGORIES):
        own, mark = every.of(category), now.of(category)
        known = ~np.isnan(own.precision)
        x, y = thinned(own.recall[known], own.precision[known])
        _line(chart, x, y, say(f"evaluate.category.{category}"), index, "%{x:.3f}, %{y:.3f}")
        _mark(chart, mark.recall, mark.precision, index, threshold)
    return _square(chart, say("evaluate.axis.recall"), say("evaluate.axis.precision"))


def reliability_chart(found: Reliability) -> go.Figure:
    """The share of matches in bins of the probability; a larger dot holds more pairs."""
    full = found.counts > 0
    sizes = 7 + 22 * np.sqrt(found.counts[full] / found.counts.max())
    chart = go.Figure()
    chart.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": GREY}, hoverinfo="skip")
    chart.add_scatter(
        x=found.probability[full],
        y=found.matches[full],
        customdata=found.counts[full],
        mode="lines+markers",
        marker={"size": sizes, "color": _colour(0)},
        line={"color": _colour(0), "width": 1},
        cliponaxis=False,
        hovertemplate="%{x:.3f} → %{y:.3f}, n = %{customdata}<extra></extra>",
    )
    _square(chart, say("evaluate.axis.probability"), say("evaluate.axis.matches"))
    return chart.update_layout(showlegend=False)


def histogram_chart(scored: Scored, threshold: float, score: str, unit: bool) -> go.Figure:
    """The share of each category's pairs by score, with a line at the threshold; ``unit``: scores lie in 0..1."""
    low, high = (0.0, 1.0) if unit else (float(scored.scores.min()), float(scored.scores.max()) + 1e-9)
    edges, chart = np.linspace(low, high, BINS + 1), go.Figure()
    for index, (category, own) in enumerate(zip(CATEGORIES, (scored.labels, ~scored.labels), strict=True)):
        counts, _ = np.histogram(scored.scores[own], edges)
        chart.add_bar(
            x=(edges[1:] + edges[:-1]) / 2,
            y=counts / max(int(own.sum()), 1),
            customdata=np.stack([edges[:-1], edges[1:], counts], axis=1),
            name=say(f"evaluate.category.{category}"),
            marker={"color": _colour(index), "line": {"width": 0}},
            opacity=0.75,
            hovertemplate="%{customdata[0]:.3f} – %{customdata[1]:.3f}: %{customdata[2]}<extra></extra>",
        )
    chart.add_vline(threshold, line={"dash": "dash", "color": GREY, "width": 2})
    chart.update_layout(barmode="group", bargap=0.05, height=HEIGHT)
    return chart.update_xaxes(title=score, range=[low, high]).update_yaxes(
        title=say("evaluate.axis.share"), tickformat=".0%"
    )


def _line(chart: go.Figure, x: np.ndarray, y: np.ndarray, name: str, index: int, hover: str) -> None:
    line = {"color": _colour(index), "width": 2.5, "dash": ("solid", "dash")[index]}
    chart.add_scatter(x=x, y=y, mode="lines", name=name, line=line, hovertemplate=f"{hover}<extra></extra>")


def _mark(chart: go.Figure, x: np.ndarray, y: np.ndarray, index: int, threshold: float) -> None:
    chart.add_scatter(
        x=[float(x)],
        y=[float(y)],
        mode="markers",
        marker={**MARK, "color": _colour(index), "symbol": ("circle", "diamond")[index]},
        hovertemplate=f"{say('evaluate.threshold')} {threshold:.3g}: %{{x:.3f}}, %{{y:.3f}}<extra></extra>",
        showlegend=False,
    )


def _square(chart: go.Figure, x: str, y: str) -> go.Figure:
    """Both axes from 0 to 1, with room for marks at the ends."""
    chart.update_layout(height=HEIGHT)
    return chart.update_xaxes(title=x, range=[-0.03, 1.03]).update_yaxes(title=y, range=[-0.03, 1.03])


def _colour(index: int) -> str:
    colours: list[str] = st.get_option("theme.chartCategoricalColors")
    return colours[index]
