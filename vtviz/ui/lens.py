"""The lens: the photo, the map of one word over it, and the words. Hovering and patches need no server."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import numpy as np
import streamlit as st

from vtviz.engine.explanation import Explanation
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
)


@cache
def _part(kind: str) -> str:
    return (ASSETS / "lens" / f"lens.{kind}").read_text(encoding="utf-8")


def lens(explanation: Explanation, alt: str, key: str) -> int:
    """Shows the lens; returns the pinned word, or WHOLE_TEXT."""
    component = st.components.v2.component("vtviz_lens", html=_part("html"), css=_part("css"), js=_part("js"))
    key = f"{key}-{explanation.fingerprint}"
    first = first_word(explanation)
    pinned = (st.session_state.get(key) or {}).get("word")
    data = lens_data(explanation, alt, pinned if isinstance(pinned, int) else first)
    result = component(key=key, data=data, default={"word": first}, on_word_change=lambda: None)
    word = result.get("word")
    return word if isinstance(word, int) and WHOLE_TEXT <= word < len(explanation.tokens.words) else first


def first_word(explanation: Explanation) -> int:
    """The word shown first: the most relevant of the longer ones, which are seldom articles or prepositions."""
    scores = word_scores(explanation.tokens, explanation.relevance)
    long = [index for index, word in enumerate(explanation.tokens.words) if len(word.text) > 2]
    return max(long, key=lambda index: abs(scores[index]), default=WHOLE_TEXT)


def lens_data(explanation: Explanation, alt: str, pinned: int) -> dict[str, Any]:
    """What the browser needs: the photo, a byte a patch for the whole text and each word, and a byte a patch and word
    for the other direction."""
    tokens, relevance = explanation.tokens, explanation.relevance
    maps = np.concatenate([relevance.image[None], word_maps(tokens, relevance)])
    scores = word_scores(tokens, relevance)
    peak = float(np.abs(scores).max()) or 1.0
    photo = to_jpeg(scaled_photo(explanation.image, PHOTO_SIDE))
    return {
        "fingerprint": explanation.fingerprint,
        "photo": "data:image/jpeg;base64," + base64.b64encode(photo).decode(),
        "alt": alt,
        "ratio": explanation.image.width / explanation.image.height,
        "grid": list(explanation.grid),
        "words": [
            {"text": word.text, "score": f"{score:.3g}", "share": abs(float(score)) / peak}
            for word, score in zip(tokens.words, scores, strict=True)
        ],
        "maps": _bytes(maps),
        "reverse": _bytes(patch_words(explanation)),
        "lut": base64.b64encode(colour_map().tobytes()).decode(),
        "pinned": pinned,
        "labels": {name: catalogue(current_language())[f"lens.{name}"] for name in LABELS},
    }


def patch_words(explanation: Explanation) -> np.ndarray:
    """How much each patch attends to each word, ``[h, w, words]``; the largest share of each patch is 1."""
    heads = explanation.image_to_text(explanation.layer)
    attention = heads.mean(axis=0) if explanation.head is None else heads[explanation.head]
    shares = words_of_patches(explanation.tokens, attention)
    peak = shares.max(axis=-1, keepdims=True)
    return shares / np.where(peak > 0, peak, 1.0)


def _bytes(values: np.ndarray) -> str:
    return base64.b64encode((values.clip(0.0, 1.0) * 255).round().astype(np.uint8).tobytes()).decode()
