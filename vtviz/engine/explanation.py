"""What is asked of an engine, and what it answers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from vtviz.attribution.base import Options, Relevance
from vtviz.inputs import ImageInput, Tokens
from vtviz.models.base import MATCH, Target
from vtviz.models.record import AttentionRecord
from vtviz.models.registry import DEFAULT_MODEL


@dataclass(frozen=True)
class Request:
    """A photo and a text for a model.

    ``method``, ``layer`` and ``head`` are the model's defaults where None; ``samples``, ``seed`` and ``window`` the
    method's (see Options); ``target`` is what is explained.
    """

    image: ImageInput
    text: str
    model: str = DEFAULT_MODEL
    method: str | None = None
    layer: int | None = None
    head: int | None = None
    target: Target = MATCH
    samples: int | None = None
    seed: int | None = None
    window: int | None = None

    @property
    def options(self) -> Options:
        """What is set about the method."""
        return Options(self.layer, self.head, self.samples, self.seed, self.window)

    @property
    def fingerprint(self) -> str:
        """A name for this request; equal requests have equal ones."""
        parts = (self.image.sha256, self.text, self.model, self.method, self.options, self.target)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Explanation:
    """A model's answer for one photo and text, and what led to it.

    ``score`` is the match probability; ``grid`` the rows and columns of patches; ``text_offset`` the place of the first
    piece in the record's text axis; ``unknown`` the places of words that the model does not know; ``timings_ms`` the
    time of each stage; ``memory_mb`` in MiB after the run; ``options`` those that the method has, complete. ``score``,
    ``layer`` and ``record`` are those of the match, whatever the target.
    """

    image: ImageInput
    tokens: Tokens
    model: str
    weights_sha256: str
    method: str
    layer: int
    head: int | None
    target: Target
    options: Options
    score: float
    threshold: float
    grid: tuple[int, int]
    text_offset: int
    record: AttentionRecord
    relevance: Relevance
    unknown: tuple[int, ...]
    timings_ms: dict[str, float]
    device: str
    memory_mb: float
    versions: dict[str, str]
    fingerprint: str

    @property
    def is_match(self) -> bool:
        """Whether the text counts as describing the photo."""
        return self.score >= self.threshold

    def text_to_image(self, layer: int) -> np.ndarray:
        """Attention of each piece to each patch in one text→image layer, ``[heads, T, h, w]``."""
        weights = self.record.of_kind("text→image")[layer].weights
        return self._pieces(weights, axis=1).unflatten(-1, self.grid).numpy()

    def image_to_text(self, layer: int) -> np.ndarray:
        """Attention of each patch to each piece in one image→text layer, ``[heads, h, w, T]``.

        Special tokens take a part of the attention, so a patch's row may sum to less than 1.
        """
        weights = self.record.of_kind("image→text")[layer].weights
        return self._pieces(weights, axis=2).unflatten(1, self.grid).numpy()

    def _pieces(self, weights: Tensor, axis: int) -> Tensor:
        return weights.narrow(axis, self.text_offset, len(self.tokens.pieces))
