"""One explanation, stage by stage."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.base import complete
from vtviz.attribution.case import Case, ForwardPass
from vtviz.attribution.maps import chosen_layer
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method, methods, usual_method
from vtviz.engine.engine import Workbench
from vtviz.engine.explanation import Explanation
from vtviz.inputs import ImageInput, Tokens
from vtviz.machine import device_label, memory_mb, synchronise, versions
from vtviz.models.base import MATCH, FusionModel, Target, as_score
from vtviz.models.finite import need_numbers
from vtviz.models.record import AttentionLayer, AttentionRecord
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.models.verdict import names_something
from vtviz.watch import Watch

STAGES = ("load_model", "image_features", "forward", "attribution")


@dataclass(frozen=True)
class Explain:
    """What led a model to its answer for a photo and a text.

    ``method`` is the model's default where None; ``options`` are the method's defaults where they are None; ``target``
    is what is explained. ``beside`` are further quick methods that explain the match from the same recorded pass, with
    their default options.
    """

    image: ImageInput
    text: str
    model: str = DEFAULT_MODEL
    method: str | None = None
    options: Options = field(default=Options())
    target: Target = MATCH
    device: str | None = None
    beside: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The fingerprint, and the methods beside it."""
        return "+".join((self.fingerprint, *self.beside))

    @property
    def fingerprint(self) -> str:
        """Stands for everything that is set, but for the device and what is explained beside it."""
        parts = (self.image.sha256, self.text, self.model, self.method, self.options, self.target)
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
        watch.enter("forward")
        match = Case(model, self.image, [self.text], features=features)
        case = match.for_target(self.target)
        differentiated = case is match and method.needs_gradient
        differentiated |= any(find_method(name).needs_gradient for name in self.beside)
        forward = match.forward(gradient=differentiated)
        if "text→image" in model.abilities.kinds[MATCH.kind]:
            chosen_layer(forward, Options(self.options.layer, self.options.head))
        synchronise(model.device)
        need_numbers(forward.values.detach())
        watch.enter("attribution")
        (relevance,) = attribute_case(case, method.name, self.options, watch)
        beside = {name: attribute_case(match, name, None, watch)[0] for name in self.beside}
        for made in (relevance, *beside.values()):
            for values in (made.tokens, made.image, made.maps):
                need_numbers(values)
        synchronise(model.device)
        tokens, device = match.tokens[0], model.device
        unknown = model.unknown_words([word.text for word in tokens.words])
        score = float(as_score(forward.values.detach(), model.score_kind))
        return Explanation(
            image=self.image,
            tokens=tokens,
            model=self.model,
            weights_sha256=model.weights_sha256,
            method=method.name,
            layer=model.default_layer if self.options.layer is None else self.options.layer,
            head=self.options.head,
            target=self.target,
            options=complete(method, self.options),
            score=score,
            threshold=model.threshold,
            grid=model.grid,
            text_offset=model.text_offset,
            record=_record(forward),
            relevance=relevance,
            unknown=unknown,
            timings_ms=_timings(watch.spent_ms()),
            device=device_label(device),
            memory_mb=round(memory_mb(device), 1),
            versions=versions(),
            fingerprint=self.fingerprint,
            score_kind=model.score_kind,
            frame=model.frame(self.image),
            image_offset=model.image_offset,
            notices=model.notices,
            asked_device=self.device,
            beside=beside,
            bounds=model.bounds,
            judged_score=_judged(model, features, tokens, unknown, score),
        )


def _judged(model: FusionModel, features: Tensor, tokens: Tokens, unknown: Sequence[int], score: float) -> float | None:
    """The match of a text without the words that the model does not know, or None where the rest names nothing.

    ``score`` is that of the whole text.
    """
    if not names_something([word.text for word in tokens.words], unknown):
        return None
    if not unknown or model.bounds is None:
        return score
    kept = torch.tensor([[owner not in unknown for owner in tokens.word_of]])
    with torch.inference_mode():
        rest = model.keep_pieces(model.encode_texts([tokens.text]), kept)
        return float(as_score(model.score(features, rest, MATCH), model.score_kind))


def _record(forward: ForwardPass) -> AttentionRecord:
    """The attention of the first text of a pass, off the graph and the device."""
    return AttentionRecord(
        tuple(
            AttentionLayer(layer.name, layer.kind, layer.weights.detach()[0].float().cpu())
            for layer in forward.attention.layers
        )
    )


def _timings(spent: dict[str, float]) -> dict[str, float]:
    """The time of each of STAGES; a download belongs to the loading of the model."""
    first, *others = STAGES
    loading = sum(time for stage, time in spent.items() if stage not in others)
    timings = {first: round(loading, 2), **{stage: round(spent[stage], 2) for stage in others}}
    return {**timings, "total": round(sum(timings.values()), 2)}
