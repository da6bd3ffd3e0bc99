"""What a model says of each of several texts about one photo, as the Python API gives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PIL import Image

from vtviz.api.words import place_of
from vtviz.engine.requests.explain import TextExplained, TextsExplained
from vtviz.inputs import ImageInput, framed
from vtviz.models.base import ScoreKind
from vtviz.render.overlay import overlay
from vtviz.render.words import word_maps, word_scores


@dataclass(frozen=True)
class TextMaps:
    """A model's score for one of several texts about a photo, and the heatmaps of its words.

    Attributes:
        text: as it was given.
        score: how well it matches the photo, in the units of ``score_kind``.
        score_kind: ``probability``, ``similarity`` (a cosine) or ``likelihood`` (of a word piece).
        method: the name of the attribution method.
        words: the words of the text.
    """

    text: str
    score: float
    score_kind: ScoreKind
    method: str
    words: tuple[str, ...]
    _found: TextExplained = field(repr=False, compare=False)
    _seen: ImageInput = field(repr=False, compare=False)

    @cached_property
    def word_scores(self) -> np.ndarray:
        """As of an ``Explanation``: the relevance of each word, ``[words]``."""
        return word_scores(self._found.tokens, self._found.relevance)

    @cached_property
    def word_maps(self) -> np.ndarray:
        """As of an ``Explanation``: the heatmap of each word over the patches, ``[words, rows, columns]``."""
        return word_maps(self._found.tokens, self._found.relevance)

    @property
    def image_map(self) -> np.ndarray:
        """The heatmap of the whole text over the patches, ``[rows, columns]``."""
        return self._found.relevance.image

    def picture(self, word: int | str | None = None) -> Image.Image:
        """The photo under a heatmap: that of a word, by its place from 0 or as it is written; without one, of the text.

        Raises:
            InputError: if the text has no such word.
        """
        heatmap = self.image_map if word is None else self.word_maps[place_of(word, self.words)]
        return overlay(self._seen, heatmap)


def maps_of(found: TextsExplained, image: ImageInput) -> list[TextMaps]:
    """What an engine found for texts about a photo, in their order."""
    seen = framed(image, found.frame)
    return [
        TextMaps(
            item.tokens.text,
            item.score,
            found.score_kind,
            found.method,
            tuple(word.text for word in item.tokens.words),
            item,
            seen,
        )
        for item in found.texts
    ]
