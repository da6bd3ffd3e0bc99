"""Words as texts of their own: a map for each word, by methods that give one map for a whole text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vtviz.attribution.attribute import attribute_texts
from vtviz.attribution.base import Method, Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.options import Options
from vtviz.inputs import InputError
from vtviz.models.base import Abilities, FusionModel, TargetKind
from vtviz.watch import Watch


def explains_alone(method: Method, abilities: Abilities, target: TargetKind) -> bool:
    """Whether a method can explain each word as a text of its own: it differentiates a score in which words and photo
    meet only at the end, so that it has one map for the whole text."""
    meets = abilities.kinds[target] - {"text", "image"}
    return method.needs_gradient and not meets and method.supports(abilities, target) is None


def with_words_alone(
    case: Case, whole: Relevance, method: Method, options: Options | None = None, watch: Watch | None = None
) -> Relevance:
    """The relevance of the only text of a case, in which each piece has the map that its word has as a text of its own.

    All words are explained together. A word in which the model reads nothing has a map of zeros. Token scores and
    ``image`` stay those of the whole text.

    Raises:
        InputError: if the method tells the words of this model's texts apart by itself, or cannot do so at all.
        Cancelled: if the watch says so.
    """
    if not explains_alone(method, case.model.abilities, case.target.kind):
        raise InputError(
            "{method} cannot explain each word on its own for this model and target; choose Grad-ECLIP, LeGrad or "
            "generic relevancy, and a dual encoder such as CLIP.",
            method=method.label,
        )
    (tokens,) = case.tokens
    words = dict.fromkeys(word.text for word in tokens.words)
    texts = [text for text in words if _is_read(case.model, text)]
    found = dict(zip(texts, attribute_texts(case, texts, method.name, options, watch), strict=True))
    own = [found.get(tokens.words[owner].text) for owner in tokens.word_of]
    maps = np.stack([np.zeros_like(whole.image) if item is None else item.image for item in own])
    units = [0.0 if item is None or item.units is None else float(item.units[-1]) for item in own]
    last = 0.0 if whole.units is None else float(whole.units[-1])
    return replace(whole, maps=maps, maps_of="word", units=np.array([*units, last]))


def _is_read(model: FusionModel, text: str) -> bool:
    try:
        model.tokenize(text)
    except InputError:
        return False
    return True
