"""The lens: the photo, the map of one word over it, and the words. Hovering and patches need no server."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.inputs import ImageInput, Tokens
from vtviz.paths import ASSETS
from vtviz.render.colour import colour_map
from vtviz.render.overlay import scaled_photo, to_jpeg
from vtviz.render.words import word_maps, word_scores, words_of_patches
from vtviz.ui.language import catalogue, current_language

PHOTO_SIDE = 1000
WHOLE_TEXT = -1
LABELS = (
    "hint",
    "low",
    "high",
    "opacity",
    "smooth",
    "words",
    "whole",
    "whole_status",
    "word_status",
    "patch_status",
    "relevance",
    "release",
    "unknown",
)


@dataclass(frozen=True)
class LensView:
    """What a lens shows.

    ``maps [words, h, w]`` and ``whole [h, w]`` in 0..1; ``scores [words]``; ``reverse [h, w, words]`` in 0..1 says how
    much each patch speaks to each word; ``unknown`` are the places of words that the model does not know; ``name``
    tells views apart; ``score_label`` is the catalogue's key for what a score is.
    """

    name: str
    image: ImageInput
    tokens: Tokens
    maps: np.ndarray
    whole: np.ndarray
    scores: np.ndarray
    reverse: np.ndarray
    unknown: tuple[int, ...] = ()
    score_label: str = "lens.relevance"


def view_of(explanation: Explanation) -> LensView:
    """An explanation's relevance one way and its recorded attention the other."""
    tokens, relevance = explanation.tokens, explanation.relevance
    maps, scores = word_maps(tokens, relevance), word_scores(tokens, relevance)
    name, reverse = explanation.fingerprint, patch_words(explanation)
    return LensView(
        name, explanation.image, tokens, maps, relevance.image, scores, reverse, unknown=explanation.unknown
    )


@cache
def _part(kind: str) -> str:
    return (ASSETS / "lens" / f"lens.{kind}").read_text(encoding="utf-8")


def lens(view: LensView, alt: str, key: str) -> int:
    """Shows the lens; returns the pinned word, or WHOLE_TEXT."""
    component = st.components.v2.component("vtviz_lens", html=_part("html"), css=_part("css"), js=_part("js"))
    key = f"{key}-{view.name}"
    first = first_word(view)
    pinned = (st.session_state.get(key) or {}).get("word")
    data = lens_data(view, alt, pinned if isinstance(pinned, int) else first)
    result = component(key=key, data=data, default={"word": first}, on_word_change=lambda: None)
    word = result.get("word")
    return word if isinstance(word, int) and WHOLE_TEXT <= word < len(view.tokens.words) else first


def first_word(view: LensView) -> int:
    """The word shown first: the one of the highest score of the longer ones, which are seldom articles or
    prepositions."""
    long = [index for index, word in enumerate(view.tokens.words) if len(word.text) > 2]
    return max(long, key=lambda index: abs(view.scores[index]), default=WHOLE_TEXT)


def lens_data(view: LensView, alt: str, pinned: int) -> dict[str, Any]:
    """What the browser needs: the photo, a byte a patch for the whole text and each word, and a byte a patch and word
    for the other direction."""
    peak = float(np.abs(view.scores).max()) or 1.0
    photo = to_jpeg(scaled_photo(view.image, PHOTO_SIDE))
    sentences = catalogue(current_language())
    return {
        "fingerprint": view.name,
        "photo": "data:image/jpeg;base64," + base64.b64encode(photo).decode(),
        "alt": alt,
        "ratio": view.image.width / view.image.height,
        "grid": list(view.whole.shape),
        "words": [
            {
                "text": word.text,
                "score": f"{score:.3g}",
                "share": abs(float(score)) / peak,
                "unknown": place in view.unknown,
            }
            for place, (word, score) in enumerate(zip(view.tokens.words, view.scores, strict=True))
        ],
        "maps": _bytes(np.concatenate([view.whole[None], view.maps])),
        "reverse": _bytes(view.reverse),
        "lut": base64.b64encode(colour_map().tobytes()).decode(),
        "pinned": pinned,
        "labels": {**{name: sentences[f"lens.{name}"] for name in LABELS}, "relevance": sentences[view.score_label]},
    }


def patch_words(explanation: Explanation) -> np.ndarray:
    """How much each patch attends to each word, ``[h, w, words]``; the largest share of each patch is 1."""
    heads = explanation.image_to_text(explanation.layer)
    attention = heads.mean(axis=0) if explanation.head is None else heads[explanation.head]
    return of_largest(words_of_patches(explanation.tokens, attention))


def of_largest(shares: np.ndarray) -> np.ndarray:
    """Shares ``[h, w, words]`` over the largest of each patch."""
    peak = shares.max(axis=-1, keepdims=True)
    return shares / np.where(peak > 0, peak, 1.0)


def _bytes(values: np.ndarray) -> str:
    return base64.b64encode((values.clip(0.0, 1.0) * 255).round().astype(np.uint8).tobytes()).decode()
