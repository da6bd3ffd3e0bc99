"""Methods, targets and metrics by name, in the chosen language."""

from __future__ import annotations

from vtviz.attribution.registry import methods
from vtviz.metrics.base import Metric
from vtviz.ui.frame.language import say, say_or


def method_name(name: str) -> str:
    """What a method is called in the chosen language."""
    return say_or(f"method.{name}", methods()[name].label)


def target_name(written: str) -> str:
    """What a target is called in the chosen language, with its piece or answer."""
    kind, _, rest = written.partition(":")
    return f"{say(f'pick.target_{kind}')} {rest}".strip()


def metric_name(metric: Metric) -> str:
    """What a measure is called."""
    return say_or(f"audit.metric.{metric.name}", metric.label)


def metric_about(metric: Metric) -> str:
    """What a measure says, in a sentence or two; its paper where a plug-in's has none."""
    return say_or(f"audit.metric.{metric.name}.about", metric.paper)
