"""Sanity checks of each method and statistics of the attention heads, on a few rows spread over the manifest."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.base import Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.registry import find_method
from vtviz.audit.manifest import Row
from vtviz.audit.models import About, Door
from vtviz.audit.progress import Clock
from vtviz.audit.row import read_photo, target_of
from vtviz.audit.settings import Settings
from vtviz.inputs import ImageInput
from vtviz.metrics.attention import head_similarity
from vtviz.metrics.heads import head_importance
from vtviz.metrics.sanity import Explainer, Outcome, Probe, random_logit, text_swap, weight_randomisation
from vtviz.models.base import FusionModel, Target
from vtviz.watch import Watch

CHECKS = "checks.json"
SLOW_PROBES = 2  # of methods that run the model on hundreds of changed photos

Check = Callable[[FusionModel], Any]


def spread(rows: Sequence[Row], count: int) -> list[Row]:
    """At most ``count`` rows, evenly spread."""
    places = np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int)
    return [rows[place] for place in dict.fromkeys(places.tolist())]


def probes_of(rows: Sequence[Row]) -> list[Probe]:
    """The rows, each with the text of another row that has another photo (shuffled words where there is none)."""
    found = []
    for place, row in enumerate(rows):
        others = [other.text for other in (*rows[place + 1 :], *rows[:place]) if other.image != row.image]
        found.append(Probe(read_photo(row), row.text, others[0] if others else "A red bus in a street"))
    return found


def method_explainer(method: str, watch: Watch) -> Explainer:
    """A method as sanity checks call it."""

    def explain(model: FusionModel, image: ImageInput, text: str, target: Target) -> Relevance:
        watch.step(0, 1)
        return attribute_case(Case(model, image, [text], target), method, watch=watch)[0]

    return explain


def run_checks(
    folder: Path,
    rows: Sequence[Row],
    settings: Settings,
    models: Sequence[About],
    door: Door,
    clock: Clock,
    watch: Watch,
) -> dict[str, Any]:
    """What the checks found, by model: ``sanity`` by method, ``heads``. Kept in the folder, so done once.

    Args:
        folder: of the audit.
        rows: those that were measured.
        settings: of the audit.
        models: their names and methods.
        door: the way to them.
        clock: told each check.
        watch: asked whether to go on.

    Raises:
        Cancelled: if the watch says so.
    """
    file = folder / CHECKS
    known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    chosen = spread(rows, settings.probes) if rows else []
    work = [each for model in models for each in _work(model, chosen, settings, watch)] if chosen else []
    clock.enter("checks", sum(key in known for key, _, _ in work), len(work))
    for key, model, check in work:
        if key not in known:
            watch.step(0, 1, pause=False)
            known = json.loads(written := json.dumps({**known, key: door(model, check)}))  # as it reads after a kill
            new = file.with_suffix(".new")
            new.write_text(written, encoding="utf-8")
            os.replace(new, file)
            clock.step()
    return {
        model.name: {
            "sanity": {method: _found(known, model.name, method) for method in model.methods} if chosen else {},
            "heads": known.get(f"{model.name}|heads"),
        }
        for model in models
    }


def _work(about: About, rows: list[Row], settings: Settings, watch: Watch) -> list[tuple[str, str, Check]]:
    found: list[tuple[str, str, Check]] = []
    for method in about.methods:
        known = find_method(method)
        probes = probes_of(spread(rows, SLOW_PROBES) if known.perturbs else rows)
        blind = not (known.needs_gradient or known.perturbs)
        for name, check in sanity_checks(method_explainer(method, watch), probes, settings.seed, blind).items():
            found.append((f"{about.name}|{method}|{name}", about.name, _as_values(check)))
    return [*found, (f"{about.name}|heads", about.name, lambda model: heads(model, rows, watch))]


def _as_values(check: Callable[[FusionModel], Outcome]) -> Check:
    return lambda model: asdict(check(model))


def sanity_checks(
    explain: Explainer, probes: Sequence[Probe], seed: int, blind: bool = False
) -> dict[str, Callable[[FusionModel], Outcome]]:
    """Every sanity check of one explainer, by name. ``blind`` is that of ``random_logit``."""

    def randomised(model: FusionModel, cascading: bool) -> Outcome:
        return weight_randomisation(model, probes, explain, target_of(model), seed, cascading)

    return {
        "cascading_randomisation": lambda model: randomised(model, True),
        "independent_randomisation": lambda model: randomised(model, False),
        "text_swap": lambda model: text_swap(model, probes, explain, target_of(model)),
        "random_logit": lambda model: random_logit(model, probes, explain, seed, blind),
    }


def heads(model: FusionModel, rows: Sequence[Row], watch: Watch) -> dict[str, Any] | None:
    """Similarity of the heads of each text→image layer, ``[layers]``, and the importance of each, ``[layers][heads]``;
    None where the model has no such attention."""
    target = target_of(model)
    if "text→image" not in model.abilities.kinds[target.kind]:
        return None
    cases = [Case(model, read_photo(row), [row.text], target) for row in rows]
    alike = []
    for case in cases:
        watch.step(0, 1)
        forward = case.forward(False, {"text→image"})
        layers = forward.attention.layers_of("text→image")
        alike.append([head_similarity(forward.rows(layer.weights.detach(), 0)) for layer in layers])
    importance = head_importance(cases, watch)
    return {
        "probes": len(cases),
        "similarity": [None if np.isnan(value) else float(value) for value in np.mean(alike, axis=0)],
        "importance": None if importance is None else importance.tolist(),
    }


def _found(known: dict[str, Any], model: str, method: str) -> list[dict[str, Any]]:
    start = f"{model}|{method}|"
    return [value for key, value in known.items() if key.startswith(start)]
