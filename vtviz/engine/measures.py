"""Every measure of one explanation that needs no boxes, beside random rankings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from torch import Tensor

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.base import Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.masked import Fill, Masked
from vtviz.attribution.registry import find_method
from vtviz.engine.engine import Shared
from vtviz.engine.explanation import Explanation
from vtviz.engine.faithfulness import RANKINGS, STEPS, Faithfulness, seed_of
from vtviz.inputs import ImageInput
from vtviz.metrics.base import Metric, Subject
from vtviz.metrics.baseline import random_ranking
from vtviz.metrics.faithfulness import area
from vtviz.metrics.registry import find_metric, metrics
from vtviz.models.base import FusionModel


@dataclass(frozen=True)
class Measured:
    """A measure of an explanation, and of rankings drawn at random (none where they cannot be measured)."""

    metric: Metric
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
        return (self.own > max(self.drawn)) == (self.metric.direction == "higher")


NONE: Mapping[str, Measured] = MappingProxyType({})


def measures_of(explanation: Explanation) -> list[Metric]:
    """The measures to take: those by boxes need a manifest, and new explanations by slow methods take too long."""
    slow = find_method(explanation.method).perturbs
    return [each for each in metrics().values() if "boxes" not in each.needs and not (slow and "explain" in each.needs)]


def measured(quick: Faithfulness) -> dict[str, Measured]:
    """The measures, by name, that the quick one has already."""
    curves = {
        "insertion": (quick.insertion, quick.random_insertion),
        "deletion": (quick.deletion, quick.random_deletion),
    }
    return {
        name: Measured(find_metric(name), area(own), tuple(area(each) for each in drawn))
        for name, (own, drawn) in curves.items()
    }


def measure(
    engine: Shared, explanation: Explanation, fill: Fill = "blur", known: Mapping[str, Measured] = NONE
) -> Iterator[Measured]:
    """Every measure of an explanation, and of random rankings, one by one; ``own`` is None where one does not apply.

    The model is borrowed for a measure at a time, so others get their turn. What is ``known`` by its name, with the
    same fill, is not measured again.
    """
    features = engine.features(explanation.model, explanation.image)
    subject, rankings = engine.use(explanation.model, lambda model: _subjects(model, explanation, fill, features))

    def take(metric: Metric, of: Subject) -> float | None:
        return engine.use(explanation.model, lambda model: metric.take(of))

    for metric in measures_of(explanation):
        if metric.name in known:
            yield known[metric.name]
            continue
        own = take(metric, subject)
        compared = own is not None and metric.direction != "none" and "explain" not in metric.needs
        values = [take(metric, each) for each in rankings] if compared else []
        yield Measured(metric, own, tuple(value for value in values if value is not None))


def _subjects(
    model: FusionModel, explanation: Explanation, fill: Fill, features: Tensor
) -> tuple[Subject, list[Subject]]:
    target, text = explanation.target, explanation.tokens.text
    case, seed = Case(model, explanation.image, [text], target, features), seed_of(explanation)

    def explain(image: ImageInput, said: str) -> Relevance:
        return attribute_case(Case(model, image, [said], target), explanation.method, explanation.options)[0]

    subject = Subject(
        case, explanation.image, explanation.relevance, Masked(case, fill), explain, steps=STEPS, seed=seed
    )
    drawn = [random_ranking(case, seed + place) for place in range(RANKINGS)]
    return subject, [replace(subject, relevance=each, explain=None) for each in drawn]
