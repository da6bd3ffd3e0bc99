"""Measures in the chosen language."""

from __future__ import annotations

from vtviz.metrics.base import Metric
from vtviz.ui.language import say_or


def metric_name(metric: Metric) -> str:
    """What a measure is called."""
    return say_or(f"audit.metric.{metric.name}", metric.label)


def metric_about(metric: Metric) -> str:
    """What a measure says, in a sentence or two; its paper where a plug-in's has none."""
    return say_or(f"audit.metric.{metric.name}.about", metric.paper)
