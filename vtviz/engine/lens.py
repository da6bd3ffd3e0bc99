"""An explanation as a lens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from vtviz.attribution.base import complete
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method
from vtviz.engine.about import about
from vtviz.engine.explanation import Explanation
from vtviz.engine.intervention import Intervention
from vtviz.models.base import MATCH, Abilities
from vtviz.models.record import AttentionLayer
from vtviz.models.registry import model_info
from vtviz.render.lens.view import Block, LensLayer, LensView, Look, Total
from vtviz.sentences import catalogue
from vtviz.stories.moment import Moment
from vtviz.stories.page import Scene
from vtviz.stories.said import changes_said

MOVED = ("attention_gradcam", "grad_eclip", "legrad", "gradient_input")  # the first that a model has


def ways_to_look(abilities: Abilities) -> dict[str, str]:
    """The methods behind ``where`` a thing is and what ``moved`` the match, as far as a model has them."""
    found = {"where": ["maskclip"], "moved": MOVED}
    defined = {
        way: [name for name in names if find_method(name).supports(abilities, MATCH.kind) is None]
        for way, names in found.items()
    }
    return {way: names[0] for way, names in defined.items() if names}


def lens_view(explanation: Explanation, chosen: str | None = None) -> LensView:
    """The relevance of an explanation, that of the methods beside it, and all of its recorded attention that lies
    between pieces and patches. ``chosen`` is the method that a person chose, which is shown first."""
    info = model_info(explanation.model)
    ways = ways_to_look(info.abilities) if info is not None else {}
    looks = {way: method for way, method in ways.items() if method in explanation.beside}
    shown = _shown_as(explanation, looks)
    return LensView(
        explanation.fingerprint,
        explanation.seen,
        explanation.tokens,
        explanation.relevance,
        tuple(lens_layer(layer, explanation) for layer in explanation.record.layers),
        explanation.layer,
        explanation.head,
        explanation.unknown,
        total=_total(explanation),
        method=f"method.{explanation.method}",
        looks=tuple(Look(way, f"method.{method}", explanation.beside[method]) for way, method in looks.items()),
        show="where" if chosen is None and "where" in looks else shown,
        offered=shown == "attribution",
    )


def _shown_as(explanation: Explanation, looks: Mapping[str, str]) -> str:
    """The way to look that shows the relevance of an explanation's own method."""
    if explanation.target != MATCH:
        return "attribution"
    if explanation.method == "raw_attention" and explanation.main_kind == "text→image":
        return "attention"
    usual = explanation.options == complete(find_method(explanation.method), Options())
    return next((way for way, method in looks.items() if method == explanation.method and usual), "attribution")


def _total(explanation: Explanation) -> Total | None:
    """What the scores of the tokens add up to; None where the method does not tell the value of the target."""
    kind, details = explanation.target.kind, explanation.relevance.details
    label = f"lens.total_{kind}"
    if kind == "match" and explanation.score_kind != "probability":
        label = f"model.total_{explanation.score_kind}"
    if details is None or details.value is None or details.baseline is None:
        return Total(label, _value(explanation)) if kind == "match" else None
    image = (details.image_unit or 0.0) * float(explanation.relevance.image.sum())
    return Total(label, details.value, details.baseline, image)


def _value(explanation: Explanation) -> float:
    """The match in the units that attributions have: a logit, a cosine or a log-probability."""
    if explanation.score_kind == "similarity":
        return explanation.score
    score = min(max(explanation.score, 1e-12), 1 - 1e-12)
    return math.log(score) if explanation.score_kind == "likelihood" else math.log(score / (1 - score))


def scene(found: Intervention, moment: Moment, language: str) -> Scene:
    """A moment of a story as it is shown in a language, with the attention between words and patches alone, where there
    is any and the moment shows no other."""
    view = lens_view(found.shown, moment.method)
    crossing = tuple(layer for layer in view.layers if layer.kind in ("text→image", "image→text"))
    if crossing and moment.settings.kind in (None, *(layer.kind for layer in crossing)):
        view = replace(view, layers=crossing)
    changed = list(changes_said(found.changes, found.before.tokens, language))
    if changed:
        before = about(found.before, language).answer
        changed.append(catalogue(language)["story.before"].format(answer=before))
    return Scene(view, about(found.after, language), tuple(changed))


def lens_layer(layer: AttentionLayer, explanation: Explanation) -> LensLayer:
    """The part of a layer's attention that lies between the pieces of the text and the patches of the photo.

    Class and other extra tokens of the image stand before its patches; the joined sequence of a ``fused`` layer is the
    text and then the image.
    """
    weights = layer.weights.numpy()
    patches = explanation.grid[0] * explanation.grid[1]
    first = explanation.text_offset
    text, image = slice(first, first + len(explanation.tokens.pieces)), slice(-patches, None)
    if layer.kind == "image":
        return LensLayer(layer.name, layer.kind, {"summary": _summary(weights, patches), **_image(weights, image)})
    parts: dict[str, dict[Block, np.ndarray]] = {
        "text→image": {"text_image": weights[:, text, image]},
        "image→text": {"image_text": weights[:, image, text]},
        "text": {"text_text": weights[:, text, text]},
        "fused": {"text_image": weights[:, text, image], "image_text": weights[:, image, text]},
    }
    return LensLayer(layer.name, layer.kind, parts[layer.kind])


def _image(weights: np.ndarray, image: slice) -> dict[Block, np.ndarray]:
    return {"image_image": weights[:, image, image]}


def _summary(weights: np.ndarray, patches: int) -> np.ndarray:
    has_class_token = weights.shape[1] > patches
    rows = weights[:, :1] if has_class_token else weights.mean(axis=1, keepdims=True)
    return rows[..., -patches:]
