"""The colours of charts, which Streamlit's own template for plotly leaves as plotly's."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st


def coloured(chart: go.Figure) -> go.Figure:
    """The chart in the theme's colours for categories; people who do not see all colours can tell them apart."""
    return chart.update_layout(colorway=st.get_option("theme.chartCategoricalColors"))
