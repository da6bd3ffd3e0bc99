"""Charts as every page draws them: one look, and no toolbar but where a chart is worth keeping."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

TOOLBAR = {"displaylogo": False, "modeBarButtons": [["toImage"]], "toImageButtonOptions": {"scale": 2}}
GREY = "#8a93a0"  # of what others are compared with, in both themes


def show_chart(chart: go.Figure, key: str, right: int = 10, keep: bool = False, alt: str | None = None) -> None:
    """Draws a chart, with so many pixels at its right for text that leaves the axes.

    ``keep`` adds a button that saves it as PNG; ``alt`` says in words what it shows.

    The theme's colours for categories are ones that people who do not see all colours can tell apart; Streamlit's own
    template leaves them as plotly's.
    """
    chart.update_layout(
        colorway=st.get_option("theme.chartCategoricalColors"),
        margin={"l": 0, "r": right, "t": 5, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    st.plotly_chart(chart, key=key, config=TOOLBAR if keep else {"displayModeBar": False}, alt=alt)
