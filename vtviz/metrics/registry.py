"""The metrics of explanations by name: every module of this package that has ``METRICS``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import vtviz.metrics
from vtviz.inputs import InputError
from vtviz.metrics.base import Metric

FAMILIES = ("faithfulness", "localisation", "stability", "attention")
DEFAULTS = (
    "insertion",
    "deletion",
    "word_insertion",
    "word_deletion",
    "pointing",
    "energy",
    "iou",
    "iou_50",
    "coverage",
)


@cache
def metrics() -> dict[str, Metric]:
    """Every metric, by name, family after family."""
    modules = [
        importlib.import_module(f"vtviz.metrics.{module.name}")
        for module in pkgutil.iter_modules(vtviz.metrics.__path__)
    ]
    known: list[Metric] = [metric for module in modules for metric in getattr(module, "METRICS", ())]
    return {metric.name: metric for metric in sorted(known, key=lambda metric: FAMILIES.index(metric.family))}


def find_metric(name: str) -> Metric:
    """The metric of this name.

    Raises:
        InputError: if there is none.
    """
    if name not in metrics():
        raise InputError(
            "There is no metric called {name}; the metrics are: {known}.", name=name, known=", ".join(metrics())
        )
    return metrics()[name]
