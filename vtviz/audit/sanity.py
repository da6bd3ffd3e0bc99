"""The sanity checks of a method, and what the attention heads do, on the probes of an audit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.base import Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.registry import find_method
from vtviz.audit.rows.row import target_of
from vtviz.inputs import ImageInput
from vtviz.metrics.attention import head_similarity
from vtviz.metrics.heads import head_importance
from vtviz.metrics.sanity import (
    CHANGED,
    Check,
    Explainer,
    Outcome,
    Probe,
    random_logit,
    text_swap,
    weight_randomisation,
)
from vtviz.models.base import FusionModel, Target
from vtviz.watch import Watch


def method_explainer(method: str, watch: Watch) -> Explainer:
    """A method as sanity checks call it."""

    def explain(model: FusionModel, image: ImageInput, text: str, target: Target) -> Relevance:
        watch.check()
        return attribute_case(Case(model, image, [text], target), method, watch=watch)[0]

    return explain


def check_sanity(
    model: FusionModel, method: str, check: Check, probes: Sequence[Probe], seed: int, watch: Watch
) -> Outcome:
    """One sanity check of a method.

    Raises:
        Cancelled: if the watch says so.
    """
    known, kinds = find_method(method), model.abilities.kinds
    if check == "random_logit" and "answer" in kinds and known.supports(model.abilities, "answer") is not None:
        return Outcome("random_logit", "not_applicable", None, CHANGED, 0)
    blind = not (known.needs_gradient or known.perturbs)
    return run_check(model, method_explainer(method, watch), check, probes, seed, blind)


def run_check(
    model: FusionModel, explain: Explainer, check: Check, probes: Sequence[Probe], seed: int, blind: bool = False
) -> Outcome:
    """One sanity check of an explainer. ``blind`` is that of ``random_logit``."""
    target = target_of(model)
    if check == "text_swap":
        return text_swap(model, probes, explain, target)
    if check == "random_logit":
        return random_logit(model, probes, explain, seed, blind)
    cascading = check == "cascading_randomisation"
    return weight_randomisation(model, probes, explain, target, seed, cascading)


def head_statistics(model: FusionModel, probes: Sequence[Probe], watch: Watch) -> dict[str, Any] | None:
    """Similarity of the heads of each text→image layer, ``[layers]``, and the importance of each, ``[layers][heads]``;
    None where the model has no such attention."""
    target = target_of(model)
    if "text→image" not in model.abilities.kinds[target.kind]:
        return None
    cases = [Case(model, probe.image, [probe.text], target) for probe in probes]
    alike = []
    for case in cases:
        watch.check()
        forward = case.forward(False, {"text→image"})
        layers = forward.attention.layers_of("text→image")
        alike.append([head_similarity(forward.rows(layer.weights.detach(), 0)) for layer in layers])
    importance = head_importance(cases, watch)
    return {
        "probes": len(cases),
        "similarity": [None if np.isnan(value) else float(value) for value in np.mean(alike, axis=0)],
        "importance": None if importance is None else importance.tolist(),
    }
