"""What a model says of a photo and a text, as the Python API gives it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vtviz.api.files import lens_file, write_explanation
from vtviz.api.frames import LENS_HEIGHT, framed_page
from vtviz.api.words import place_of
from vtviz.engine import explanation as engine
from vtviz.engine.export import to_dict
from vtviz.files import from_home
from vtviz.models.base import ScoreKind
from vtviz.models.verdict import Verdict
from vtviz.render.overlay import overlay
from vtviz.render.words import word_maps, word_scores


@dataclass(frozen=True, repr=False)
class Explanation:
    """A model's answer for one photo and text, and what led to it. In a notebook it shows itself as a lens.

    Attributes:
        full: everything that the engine knows, recorded attention included. Its fields may change between versions;
            those of this class stay.
        photo: the name of the photo.
        sinks: where they were asked for, the schema of ``sinks.json``: the sink ``patches`` (row and column from 0),
            the share of the ``attention`` of later layers that goes there, and the ``sides``: figures of the model
            without and with a register.
    """

    full: engine.Explanation
    photo: str = "photo"
    sinks: dict[str, Any] | None = None

    @property
    def text(self) -> str:
        """The text as it was given."""
        return self.full.tokens.text

    @property
    def score(self) -> float:
        """How well the text matches the photo, in the units of ``score_kind``."""
        return self.full.score

    @property
    def score_kind(self) -> ScoreKind:
        """``probability``, ``similarity`` (a cosine) or ``likelihood`` (of a word piece)."""
        return self.full.score_kind

    @property
    def verdict(self) -> Verdict | None:
        """``describes``, ``does not`` or ``not sure``; None where the model has no calibrated bounds."""
        return self.full.verdict

    @property
    def model(self) -> str:
        """The name of the model."""
        return self.full.model

    @property
    def method(self) -> str:
        """The name of the attribution method."""
        return self.full.method

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the text."""
        return tuple(word.text for word in self.full.tokens.words)

    @property
    def unknown_words(self) -> tuple[str, ...]:
        """Words that were rare or unseen in training, on which no verdict should rest."""
        return tuple(self.words[place] for place in self.full.unknown)

    @cached_property
    def word_scores(self) -> np.ndarray:
        """The relevance of each word, ``[words]``; zeros of a method that says nothing about the text."""
        return word_scores(self.full.tokens, self.full.relevance)

    @cached_property
    def word_maps(self) -> np.ndarray:
        """The heatmap of each word over the patches, ``[words, rows, columns]``, the largest size of each 1.

        From 0 to 1; of a signed method from −1 (against) to 1 (for). Zeros of a method that says nothing about the
        photo; the map of the whole text for every word where the method does not tell words apart, unless
        ``words_alone`` made each word a text of its own.
        """
        return word_maps(self.full.tokens, self.full.relevance)

    @property
    def image_map(self) -> np.ndarray:
        """The heatmap of the whole text over the patches, ``[rows, columns]``."""
        return self.full.relevance.image

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know of this run."""
        return self.full.notices

    def picture(self, word: int | str | None = None) -> Image.Image:
        """The photo under a heatmap: that of a word, by its place from 0 or as it is written; without one, of the text.

        Raises:
            InputError: if the text has no such word.
        """
        heatmap = self.image_map if word is None else self.word_maps[place_of(word, self.words)]
        return overlay(self.full.seen, heatmap)

    def lens(self, language: str = "en") -> str:
        """The lens as one HTML page that needs no server; ``language`` is ``en`` or ``zh``."""
        return lens_file(self.full, self.photo, language).decode()

    def to_dict(self) -> dict[str, Any]:
        """The explanation as plain values: the schema of ``explanation.json``."""
        return to_dict(self.full)

    def save(self, folder: str | os.PathLike[str], lens: bool = True) -> Path:
        """Writes ``explanation.json``, one picture per word, ``lens.html`` and, if found, ``sinks.json``.

        Returns the path of the first.

        Raises:
            InputError: if the folder cannot be written to.
        """
        return write_explanation(self.full, from_home(os.fspath(folder)), self.photo, lens, self.sinks)

    def _repr_html_(self) -> str:
        return framed_page(self.lens(), self.text, LENS_HEIGHT)

    def __repr__(self) -> str:
        verdict = "" if self.verdict is None else f", {self.verdict}"
        return f"<Explanation of {self.text!r}: {self.score_kind} {self.score:.3f}{verdict}, by {self.method}>"
