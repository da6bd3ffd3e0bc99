"""Methods, targets and metrics by name, in the chosen language."""

from __future__ import annotations

from vtviz.attribution.registry import methods
from vtviz.attribution.targets import WrittenTarget
from vtviz.metrics.registry import find_metric
from vtviz.ui.frame.language import say, say_or


def method_name(name: str, label: str = "") -> str:
    """What a method is called; ``label`` where the catalogue lacks it, if not the method's own."""
    return say_or(f"method.{name}", label or methods()[name].label)


def target_name(written: str) -> str:
    """What a target is called, with its piece or answer."""
    target = WrittenTarget.read(written)
    return f"{say(f'pick.target_{target.kind}')} {target.detail}".strip()


def metric_name(name: str, label: str = "") -> str:
    """What a metric is called; ``label`` where the catalogue lacks it, if not the metric's own."""
    return say_or(f"audit.metric.{name}", label or find_metric(name).label)


def metric_about(name: str) -> str:
    """What a metric says, in a sentence or two; its paper where the catalogue lacks it, as for plug-ins."""
    return say_or(f"audit.metric.{name}.about", find_metric(name).paper)
