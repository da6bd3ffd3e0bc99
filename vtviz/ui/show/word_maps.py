"""A photo, alone or under the heatmap of a word, or of all of them, to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from vtviz.attribution.base import Relevance
from vtviz.attribution.maps import of_span
from vtviz.inputs import ImageInput, Tokens
from vtviz.render.overlay import overlay, scaled_photo, to_jpeg
from vtviz.ui.frame.language import plain, say
from vtviz.vocabulary import empty_words

SIDE = 720  # pixels of a picture's longer side
KEPT = 64
MOST = 12  # words to choose from


@dataclass(frozen=True, eq=False)
class NamedMap:
    """A map ``[h, w]`` and what it is of."""

    name: str
    values: np.ndarray


def maps_of_words(tokens: Tokens, relevance: Relevance) -> list[NamedMap]:
    """The map of the whole text, then those of its words, without words that only join others."""
    words = [word for word in tokens.words if word.text.lower() not in empty_words()]
    own = [NamedMap(word.text, of_span(tokens, relevance.maps, word.start, word.end)) for word in words[:MOST]]
    whole = NamedMap(say("maps.whole"), relevance.image)
    return [whole, *own] if relevance.maps_of in ("token", "word") else [whole]


def show_maps(image: ImageInput, maps: Sequence[NamedMap], name: str, alt: str) -> None:
    """The photo under the chosen map, in which a click on a word chooses another.

    Args:
        image: the part of the photo that the maps cover.
        maps: to choose from, at least one; the first is shown to begin with.
        name: tells what is shown from everything else that a page shows so.
        alt: describes the photo.
    """
    area = st.container()
    index = 0
    if len(maps) > 1:
        index = st.pills(
            say("maps.word"),
            range(len(maps)),
            format_func=lambda number: plain(maps[number].name),
            default=0,
            required=True,
            key=f"maps-{name}",
            label_visibility="collapsed",
        )
    chosen = maps[index or 0]
    area.image(_picture(f"{name}-{chosen.name}", image, chosen.values), alt=alt, width="stretch")


def show_photo(image: ImageInput, alt: str) -> None:
    """The photo alone, as small as a page needs it."""
    st.image(_photo(image.sha256, image), alt=alt, width="stretch")


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _photo(sha256: str, _image: ImageInput) -> bytes:
    return to_jpeg(scaled_photo(_image, SIDE))


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _picture(name: str, _image: ImageInput, _values: np.ndarray) -> bytes:
    positive = _values.astype(np.float32).clip(min=0.0)
    return to_jpeg(overlay(_image, positive / max(float(positive.max()), 1e-12), max_side=SIDE))
