"""One explanation, stage by stage, and the maps of many texts on one photo."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import torch

from vtviz.attribution.attribute import TEXTS, attribute_case
from vtviz.attribution.base import Method, Relevance, complete
from vtviz.attribution.case import Case
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method, methods, usual_method
from vtviz.attribution.state import State, observe
from vtviz.engine.engine import Workbench
from vtviz.engine.explanation import Explanation
from vtviz.inputs import Frame, ImageInput, InputError, Tokens
from vtviz.machine import device_label, memory_mb, synchronise, versions
from vtviz.models.base import MATCH, FusionModel, ScoreKind, Target, as_score
from vtviz.models.finite import need_numbers
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.watch import Watch

STAGES = ("load_model", "image_features", "forward", "attribution")


@dataclass(frozen=True)
class Explain:
    """What led a model to its answer for a photo and a text.

    ``method`` is the model's default where None; ``options`` are the method's defaults where they are None; ``target``
    is what is explained. ``beside`` are further quick methods that explain the match from the same recorded pass, with
    their default options. With ``alone``, the map of each word is the one that it has as a text of its own (see
    ``explains_alone``).
    """

    image: ImageInput
    text: str
    model: str = DEFAULT_MODEL
    method: str | None = None
    options: Options = field(default=Options())
    target: Target = MATCH
    device: str | None = None
    beside: tuple[str, ...] = ()
    alone: bool = False

    @property
    def key(self) -> str:
        """The fingerprint, and the methods beside it."""
        return "+".join((self.fingerprint, *self.beside))

    @property
    def fingerprint(self) -> str:
        """Stands for everything that is set, but for the device and what is explained beside it."""
        parts: tuple[object, ...] = (self.image.sha256, self.text, self.model, self.method, self.options, self.target)
        parts += ("alone",) if self.alone else ()  # fingerprints of explanations without it are as ever
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    @property
    def slow(self) -> bool:
        return self.method in methods() and find_method(str(self.method)).perturbs

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Explanation:
        """The stages of STAGES after the first.

        Raises:
            InputError: if the text, the target, the method or an option is not one that the model can take.
            ModelError: if the score or the relevance holds something that is not a number.
            Cancelled: if ``watch`` says so.
        """
        method = usual_method(model, self.target.kind) if self.method is None else find_method(self.method)
        watch.enter("image_features")
        features = workbench.features(model, self.image)
        synchronise(model.device)
        case = Case(model, self.image, [self.text], self.target, features)
        state = observe(case, method.name, self.options, self.beside, watch, self.alone)
        return self.explained(model, method, state, watch)

    def explained(
        self, model: FusionModel, method: Method, state: State, watch: Watch, image: ImageInput | None = None
    ) -> Explanation:
        """The explanation that says what was observed, of another picture than the photo where one is given."""
        device = model.device
        shown = self.image if image is None else image
        return Explanation(
            image=shown,
            tokens=state.tokens,
            model=self.model,
            weights_sha256=model.weights_sha256,
            method=method.name,
            layer=model.default_layer if self.options.layer is None else self.options.layer,
            head=self.options.head,
            target=self.target,
            options=complete(method, self.options),
            score=state.score,
            threshold=model.threshold,
            grid=model.grid,
            text_offset=model.text_offset,
            record=state.record,
            relevance=state.relevance,
            unknown=state.unknown,
            timings_ms=_timings(watch.spent_ms()),
            device=device_label(device),
            memory_mb=round(memory_mb(device), 1),
            versions=versions(),
            fingerprint=self.fingerprint,
            score_kind=model.score_kind,
            frame=model.frame(shown),
            image_offset=model.image_offset,
            notices=model.notices,
            asked_device=self.device,
            beside=state.beside,
            bounds=model.bounds,
            judged_score=state.judged_score,
        )


@dataclass(frozen=True)
class TextExplained:
    """One of several texts about a photo: its match, as ``score_kind`` says, and what a method found for it."""

    tokens: Tokens
    score: float
    relevance: Relevance


@dataclass(frozen=True)
class TextsExplained:
    """The texts in their order; ``frame`` is the part of the photo that the patches cover."""

    texts: tuple[TextExplained, ...]
    method: str
    score_kind: ScoreKind
    frame: Frame


@dataclass(frozen=True)
class ExplainTexts:
    """What a method finds for each of several texts about one photo: what ``Explain`` finds for it, up to rounding.

    What does not depend on the text is computed once for ``TEXTS`` of them. The fields are those of ``Explain``.
    """

    image: ImageInput
    texts: tuple[str, ...]
    model: str = DEFAULT_MODEL
    method: str | None = None
    options: Options = field(default=Options())
    target: Target = MATCH
    device: str | None = None

    @property
    def key(self) -> str:
        parts = (self.image.sha256, self.texts, self.model, self.method, self.options, self.target)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    @property
    def slow(self) -> bool:
        return self.method in methods() and find_method(str(self.method)).perturbs

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> TextsExplained:
        """Raises as the answer of ``Explain`` does, and InputError where there is no text."""
        if not self.texts:
            raise InputError("There is no text to explain; give at least one.")
        method = usual_method(model, self.target.kind) if self.method is None else find_method(self.method)
        watch.enter("image_features")
        features = workbench.features(model, self.image)
        watch.enter("attribution")
        found = list[TextExplained]()
        for first in range(0, len(self.texts), TEXTS):
            with torch.inference_mode(False):
                case = Case(model, self.image, self.texts[first : first + TEXTS], self.target, features)
            made = attribute_case(case, method.name, self.options, watch)
            scores = as_score(case.for_target(MATCH).forward(False, ()).values.detach(), model.score_kind)
            need_numbers(scores)
            for item in made:
                for values in (item.tokens, item.image, item.maps):
                    need_numbers(values)
            found += map(TextExplained, case.tokens, scores.tolist(), made)
        return TextsExplained(tuple(found), method.name, model.score_kind, model.frame(self.image))


def _timings(spent: dict[str, float]) -> dict[str, float]:
    """The time of each of STAGES; a download belongs to the loading of the model."""
    first, *others = STAGES
    loading = sum(time for stage, time in spent.items() if stage not in others)
    timings = {first: round(loading, 2), **{stage: round(spent.get(stage, 0.0), 2) for stage in others}}
    return {**timings, "total": round(sum(timings.values()), 2)}
