"""Sanity checks: an explanation that stays the same when the model is broken does not explain the model.

Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018; Sixt et al., "When Explanations Lie", ICML 2020.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import nn

from vtviz.attribution.base import Relevance
from vtviz.inputs import ImageInput
from vtviz.metrics.stability import similarity
from vtviz.models.base import AnswerModel, FusionModel, Target

STAGES = 8
BROKEN = 0.5  # rank correlation with the true map from which a map of a broken model counts as the same
CHANGED = 0.95  # rank correlation below which a map counts as another one

Check = Literal["cascading_randomisation", "independent_randomisation", "random_logit", "text_swap"]
Explainer = Callable[[FusionModel, ImageInput, str, Target], Relevance]
Verdict = Literal["passed", "failed", "not_applicable", "not_measured"]


@dataclass(frozen=True)
class Probe:
    """A photo and text to check with, and ``other``, a text that does not belong to it."""

    image: ImageInput
    text: str
    other: str


@dataclass(frozen=True)
class Stage:
    """The mean rank correlation of the maps with the true ones once the weights called ``name`` are random."""

    name: str
    similarity: float | None


@dataclass(frozen=True)
class Outcome:
    """What a check found: ``value`` is the mean rank correlation that decides, below ``limit`` it passes;
    ``reason`` says why it was not measured."""

    check: Check
    verdict: Verdict
    value: float | None
    limit: float
    probes: int
    stages: tuple[Stage, ...] = ()
    reason: str = ""


def modules_of(model: FusionModel) -> list[nn.Module]:
    """The networks that a model is made of, without those that are a part of another."""
    networks = list(dict.fromkeys(value for value in vars(model).values() if isinstance(value, nn.Module)))
    parts = {part for network in networks for part in list(network.modules())[1:]}
    return [network for network in networks if network not in parts]


def stages_of(model: FusionModel, most: int = STAGES) -> list[tuple[str, list[tuple[str, nn.Parameter]]]]:
    """The parameters of a model in at most ``most`` groups of neighbours, those nearest the output first."""
    groups: dict[str, list[tuple[str, nn.Parameter]]] = {}
    for root in modules_of(model):
        for name, parameter in root.named_parameters():
            parts = name.split(".")
            cut = next((i + 1 for i, part in enumerate(parts) if part.isdigit()), max(1, len(parts) - 1))
            groups.setdefault(".".join(parts[:cut]), []).append((name, parameter))
    names = list(groups)[::-1]
    stages = []
    for part in np.array_split(np.array(names, dtype=object), min(most, len(names))):
        label = str(part[0]) if len(part) == 1 else f"{part[0]} … {part[-1]}"
        stages.append((label, [parameter for name in part for parameter in groups[name]]))
    return stages


@torch.no_grad()
def randomise(parameters: Sequence[tuple[str, nn.Parameter]], seed: int) -> None:
    """Draws every tensor anew, from a normal distribution with its own mean and spread."""
    for name, parameter in parameters:
        own = int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:7])
        noise = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(own))
        spread = parameter.float().std() if parameter.numel() > 1 else parameter.float().abs().mean()
        parameter.copy_(noise.to(parameter.device) * spread + parameter.float().mean())


def weight_randomisation(
    model: FusionModel,
    probes: Sequence[Probe],
    explain: Explainer,
    target: Target,
    seed: int,
    cascading: bool,
    step: Callable[[], None] = lambda: None,
) -> Outcome:
    """Makes weights random, stage by stage from the output to the input, on a copy of the model.

    ``cascading`` keeps earlier stages random and is decided by the last stage, where all weights are. Otherwise each
    stage is made random alone, and the stage that changes the map most decides.
    """
    true = [_map(explain, model, probe, target) for probe in probes]
    twin = copy.deepcopy(model)
    stages = []
    for name, parameters in stages_of(twin):
        kept = [parameter.detach().clone() for _, parameter in parameters] if not cascading else []
        randomise(parameters, seed)
        maps = [_map(explain, twin, probe, target) for probe in probes]
        stages.append(Stage(name, _mean(true, maps)))
        with torch.no_grad():
            for (_, parameter), before in zip(parameters, kept, strict=False):
                parameter.copy_(before)
        step()
    known = [stage.similarity for stage in stages if stage.similarity is not None]
    value = (stages[-1].similarity if cascading else min(known, default=None)) if stages else None
    check: Check = "cascading_randomisation" if cascading else "independent_randomisation"
    return _outcome(check, value, BROKEN if cascading else CHANGED, len(probes), tuple(stages))


def random_logit(
    model: FusionModel, probes: Sequence[Probe], explain: Explainer, seed: int, blind: bool = False
) -> Outcome:
    """Explains two answers of the model's list, drawn at random, for the same text: is the map another one?

    Not applicable where the model has no list of answers, or the method is ``blind``: it shows attention itself, which
    is the same whatever is asked of the output.
    """
    answers = len(model.answers) if isinstance(model, AnswerModel) and "answer" in model.abilities.kinds else 0
    if answers < 2:
        return Outcome("random_logit", "not_applicable", None, CHANGED, 0)
    rng, first, second = np.random.default_rng(seed), [], []
    for probe in probes:
        one, two = (Target("answer", int(answer)) for answer in rng.choice(answers, 2, replace=False))
        first.append(explain(model, probe.image, probe.text, one).image)
        second.append(explain(model, probe.image, probe.text, two).image)
    outcome = _outcome("random_logit", _mean(first, second), CHANGED, len(probes))
    return replace(outcome, verdict="not_applicable") if blind else outcome


def text_swap(model: FusionModel, probes: Sequence[Probe], explain: Explainer, target: Target) -> Outcome:
    """Gives the photo a text that belongs to another: does the map change?"""
    true = [_map(explain, model, probe, target) for probe in probes]
    maps = [explain(model, probe.image, probe.other, target).image for probe in probes]
    return _outcome("text_swap", _mean(true, maps), CHANGED, len(probes))


def _outcome(check: Check, value: float | None, limit: float, probes: int, stages: tuple[Stage, ...] = ()) -> Outcome:
    verdict: Verdict = "not_applicable" if value is None else "passed" if value < limit else "failed"
    return Outcome(check, verdict, value, limit, probes, stages)


def _map(explain: Explainer, model: FusionModel, probe: Probe, target: Target) -> np.ndarray:
    return explain(model, probe.image, probe.text, target).image


def _mean(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> float | None:
    """Mean size of the rank correlation of pairs of maps; a map that went flat counts as another one, 0."""
    sizes = [abs(similarity(a, b)) for a, b in zip(first, second, strict=True)]
    return float(np.nan_to_num(sizes, nan=0.0).mean()) if sizes else None
