"""The figures of a report that have intervals, one by one, so that two reports can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from vtviz.audit.report.model import FIGURES
from vtviz.audit.settings import RANDOM
from vtviz.metrics.registry import metrics

BETTER = {"accuracy": "higher", "auc": "higher", "f1": "higher", "ece": "lower"}
ANSWERS = ("right", "wrong")
TRUSTED = "trusted"  # wrong answers of the model that people believed
Report = dict[str, Any]
Values = dict[str, float]


@dataclass(frozen=True)
class Figure:
    """What a figure is about: the ``kind`` is empty for a metric of a method or, without a method, of the model;
    ``gap`` for its largest gap between groups, ``planted`` for the rate at which a planted cause of the kind ``metric``
    is found, ``people`` for what people guessed. ``group`` and ``answers`` are empty for all rows."""

    model: str
    method: str
    metric: str
    group: str = ""
    answers: str = ""
    kind: str = ""

    @property
    def direction(self) -> str:
        """Which values are better: ``higher``, ``lower`` or ``none``."""
        if self.kind:
            return "lower" if self.kind == "gap" or self.metric.startswith(TRUSTED) else "higher"
        known = metrics().get(self.metric)
        return BETTER.get(self.metric) or (known.direction if known else "none")

    def of(self, model: str) -> Figure:
        """The same figure of another model."""
        return replace(self, model=model) if self.model else self

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


def figures_of(report: Report) -> dict[Figure, Values]:
    """Every figure of a report with its ``value``, ``low`` and ``high``; those of the random ranking are left out."""
    found = {}
    for figure, item in _figures(report):
        value = item.get("value", item.get("mean", item.get("gap")))
        if value is not None and item.get("low") is not None and figure.method != RANDOM:
            found[figure] = {"value": float(value), "low": float(item["low"]), "high": float(item["high"])}
    return found


def _figures(report: Report) -> Iterator[tuple[Figure, dict[str, Any]]]:
    summary = report["summary"]
    for model, own in summary.get("model", {}).items():
        for group, part in (("", own["all"]), *own.get("groups", {}).items()):
            for name in FIGURES:
                yield Figure(model, "", name, group), part.get(name) or {}
    yield from _means(summary["metrics"])
    for group, means in summary.get("groups", {}).items():
        yield from _means(means, group=group)
    for answers in ANSWERS:
        yield from _means(summary.get("answers", {}).get(answers, {}), answers=answers)
    for gap in summary.get("gaps", []):
        yield Figure(gap["model"], gap["method"] or "", gap["metric"], kind="gap"), gap
    for model, own in summary.get("planted", {}).items():
        for method, parts in own["methods"].items():
            for part, rate in parts.items():
                yield Figure(model, method, part, kind="planted"), rate
    people = report.get("people") or {}
    rates = {name: people.get(name) for name in ("with_map", "without_map", "difference")}
    rates |= {f"{TRUSTED}_{name}": rate for name, rate in people.get(TRUSTED, {}).items()}
    for name, rate in rates.items():
        yield Figure("", "", name, kind="people"), rate or {}


def _means(means: dict[str, Any], **about: str) -> Iterator[tuple[Figure, dict[str, Any]]]:
    for model, methods in means.items():
        for method, values in methods.items():
            for metric, item in values.items():
                yield Figure(model, method, metric, **about), item
