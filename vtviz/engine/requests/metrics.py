"""The metrics of one explanation that need no boxes, each beside random rankings."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.base import Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.masked import Fill, Masked
from vtviz.attribution.registry import find_method
from vtviz.engine.engine import Workbench
from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.attribution_request import AttributionRequest
from vtviz.engine.requests.faithfulness import RANKINGS, STEPS, Faithfulness
from vtviz.inputs import ImageInput
from vtviz.metrics.base import Metric, Subject
from vtviz.metrics.baseline import random_ranking
from vtviz.metrics.faithfulness import area
from vtviz.metrics.registry import find_metric, metrics
from vtviz.models.base import FusionModel
from vtviz.watch import Watch


@dataclass(frozen=True)
class Measured:
    """The value of a metric for an explanation (None where it does not apply), and for rankings drawn at random (none
    where they cannot be measured)."""

    metric: str
    own: float | None
    drawn: tuple[float, ...] = ()

    @property
    def random(self) -> float | None:
        """The mean of the random rankings."""
        return float(np.mean(self.drawn)) if self.drawn else None

    @property
    def better(self) -> bool | None:
        """Whether the explanation does better than all random rankings; None where it lies among them, or there is
        nothing to compare."""
        if self.own is None or not self.drawn or min(self.drawn) <= self.own <= max(self.drawn):
            return None
        return (self.own > max(self.drawn)) == (find_metric(self.metric).direction == "higher")


def metrics_of(explanation: Explanation) -> list[Metric]:
    """The metrics to take: those by boxes need a manifest; costly ones, and new explanations by slow methods, take too
    long."""
    slow = find_method(explanation.method).perturbs
    return [
        metric
        for metric in metrics().values()
        if not metric.costly and "boxes" not in metric.needs and not (slow and "explain" in metric.needs)
    ]


def measured(quick: Faithfulness) -> dict[str, Measured]:
    """The metrics, by name, that the quick faithfulness holds already."""
    curves = {
        "insertion": (quick.insertion, quick.random_insertion),
        "deletion": (quick.deletion, quick.random_deletion),
    }
    return {
        name: Measured(name, area(own), tuple(area(curve) for curve in drawn)) for name, (own, drawn) in curves.items()
    }


@dataclass(frozen=True)
class MeasureMetric(AttributionRequest):
    """One metric, by name, of an explanation and of random rankings. ``fill`` stands in for patches."""

    metric: str
    fill: Fill = "blur"

    @property
    def key(self) -> str:
        return f"{self.of.fingerprint} {self.metric} {self.fill}"

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Measured:
        key = (self.of.fingerprint, self.fill)
        subject, rankings = workbench.share(key, lambda: self._subjects(model, workbench))
        metric = find_metric(self.metric)
        own = metric.take(subject)
        compared = own is not None and metric.direction != "none" and "explain" not in metric.needs
        drawn = [metric.take(ranking) for ranking in rankings] if compared else []
        return Measured(self.metric, own, tuple(value for value in drawn if value is not None))

    def _subjects(self, model: FusionModel, workbench: Workbench) -> tuple[Subject, list[Subject]]:
        """The explanation and the random rankings, ready to be measured."""
        of, features = self.of, workbench.features(model, self.of.image)
        case = Case(model, of.image, [of.text], of.target, features)

        def explain(image: ImageInput, text: str) -> Relevance:
            return attribute_case(Case(model, image, [text], of.target), of.method, of.options)[0]

        masked = Masked(case, self.fill)
        subject = Subject(case, of.image, of.relevance, masked, explain, steps=STEPS, seed=of.seed)
        drawn = [random_ranking(case, of.seed + number) for number in range(RANKINGS)]
        return subject, [replace(subject, relevance=relevance, explain=None) for relevance in drawn]
