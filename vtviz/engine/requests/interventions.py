"""What would happen if: changes, and how well the map foretells them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from vtviz.attribution.case import Case
from vtviz.attribution.masked import Fill, Masked
from vtviz.attribution.registry import find_method, usual_method
from vtviz.attribution.state import State, observe
from vtviz.engine.engine import Workbench
from vtviz.engine.intervention import Contrast, Intervention
from vtviz.engine.lens import MOVED
from vtviz.engine.requests.attribution_request import AttributionRequest
from vtviz.engine.requests.explain import Explain
from vtviz.interventions.changes import Change
from vtviz.interventions.contrast import check_contrast, contrast
from vtviz.interventions.intervene import intervene
from vtviz.interventions.promise import Cuts, predicted_against_real
from vtviz.interventions.smallest import Kept, smallest_region
from vtviz.machine import synchronise
from vtviz.models.base import FusionModel
from vtviz.watch import Watch


@dataclass(frozen=True)
class AboutExplanation:
    """What requests about an explanation that is still to be made have in common with it."""

    of: Explain

    @property
    def model(self) -> str:
        return self.of.model

    @property
    def device(self) -> str | None:
        return self.of.device

    @property
    def slow(self) -> bool:
        return self.of.slow


@dataclass(frozen=True)
class Intervene(AboutExplanation):
    """An explanation before and after changes, which come one after the other. What comes before them is kept for the
    next changes of the same explanation."""

    changes: tuple[Change, ...]

    @property
    def key(self) -> str:
        return hashlib.sha256(repr((self.of.key, self.changes)).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Intervention:
        """Raises InputError as Explain does, and where the model does not offer a change or there is nothing that it
        names; ModelError where something is not a number; Cancelled where ``watch`` says so."""
        of = self.of
        method = usual_method(model, of.target.kind) if of.method is None else find_method(of.method)
        before = workbench.share(("before", of.key), lambda: _state(of, method.name, model, workbench, watch))
        outcome = intervene(
            model,
            of.image,
            of.text,
            self.changes,
            of.target,
            method.name,
            of.options,
            of.beside,
            workbench.features(model, of.image),
            before,
            watch,
        )
        first, second = (of.explained(model, method, state, watch) for state in (outcome.before, outcome.after))
        if self.changes:
            second = replace(second, fingerprint=self.key)
        values = (outcome.before.value, outcome.after.value)
        return Intervention(self.changes, first, second, values, outcome.promise)


@dataclass(frozen=True)
class ExplainContrast(AboutExplanation):
    """Why the text of an explanation rather than another one. Its method must depend on the answer; where it is None,
    it is the model's own way to say what moved the match."""

    against: str

    @property
    def key(self) -> str:
        return hashlib.sha256(repr((self.of.key, self.against)).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Contrast:
        """Raises InputError where a text, the target, the method or an option is not one that the model can take."""
        of = replace(self.of, beside=())
        kind = of.target.kind
        moved = (name for name in MOVED if find_method(name).supports(model.abilities, kind) is None)
        method = find_method(next(moved) if of.method is None else of.method)
        check_contrast(method)
        asked = (of, replace(of, text=self.against))
        states = [_state(item, method.name, model, workbench, watch) for item in asked]
        explanations = []
        for index, item in enumerate(asked):
            state = replace(states[index], relevance=contrast(states[index], states[1 - index]))
            made = item.explained(model, method, state, watch)
            explanations.append(replace(made, fingerprint=f"{self.key[:15]}{index}"))
        return Contrast(explanations[0], explanations[1])


@dataclass(frozen=True)
class MeasurePromise(AttributionRequest):
    """What a map predicts for eight cuts of the photo, beside what happens; None where the map is the same
    everywhere. ``fill`` stands in for patches."""

    fill: Fill = "blur"

    @property
    def key(self) -> str:
        return f"{self.of.fingerprint} {self.fill}"

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Cuts | None:
        case = Case(model, self.of.image, [self.of.text], self.of.target, workbench.features(model, self.of.image))
        return predicted_against_real(case, self.of.relevance, self.fill, watch=watch)


@dataclass(frozen=True)
class FindSmallestRegion(AttributionRequest):
    """The least share of the photo that keeps the answer, the patches of the highest relevance first.

    ``words`` are those whose heatmaps rank the patches; without any the heatmap of the whole text does. ``threshold``
    is in the units of the answer; where None it is the score from which the model says that a text describes a photo,
    or halfway between the answers with no patch and with all where there is none. ``fill`` stands in for patches.
    """

    words: tuple[int, ...] = ()
    threshold: float | None = None
    fill: Fill = "blur"

    @property
    def key(self) -> str:
        return f"{self.of.fingerprint} {self.fill} {self.words} {self.threshold}"

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Kept:
        case = Case(model, self.of.image, [self.of.text], self.of.target, workbench.features(model, self.of.image))
        masked, relevance, threshold = Masked(case, self.fill, watch), self.of.relevance, self.threshold
        members = [piece for piece, owner in enumerate(case.tokens[0].word_of) if owner in self.words]
        scores = (relevance.maps[members].mean(axis=0) if members else relevance.image).ravel()
        if threshold is None and self.of.target.kind == "match":
            threshold = model.threshold if model.bounds is None else model.bounds.high
        if threshold is None:
            ends = np.repeat([[False], [True]], masked.patches, axis=1)
            threshold = float(masked.without_patches(ends).mean())
        return smallest_region(masked, scores, threshold)


def _state(of: Explain, method: str, model: FusionModel, workbench: Workbench, watch: Watch) -> State:
    watch.enter("image_features")
    features = workbench.features(model, of.image)
    synchronise(model.device)
    case = Case(model, of.image, [of.text], of.target, features)
    return observe(case, method, of.options, of.beside, watch)
