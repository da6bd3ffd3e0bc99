"""What is asked of an engine, and what it answers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from vtviz.attribution.base import Relevance
from vtviz.attribution.options import Options
from vtviz.inputs import WHOLE_FRAME, Frame, ImageInput, Tokens, framed
from vtviz.models.base import MATCH, ScoreKind, Target
from vtviz.models.record import AttentionRecord, Kind
from vtviz.models.registry import DEFAULT_MODEL


@dataclass(frozen=True)
class Request:
    """A photo and a text for a model.

    ``method``, ``layer`` and ``head`` are the model's defaults where None; ``samples``, ``seed`` and ``window`` the
    method's (see Options); ``target`` is what is explained; ``device`` is the
    engine's own where None.
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
    device: str | None = None

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

    ``score`` is the match, as ``score_kind`` says; ``threshold`` is None where none was calibrated; ``frame`` is the
    part of the photo that the grid lies on, and ``grid`` its rows and columns of patches; ``text_offset`` and
    ``image_offset`` are the places of the first piece and patch in the record's axes; ``unknown`` the places of words
    that the model does not know; ``timings_ms`` the time of each stage; ``memory_mb`` in MiB after the run; ``options``
    those that the method has, complete; ``notices`` are for the person. ``score``, ``layer`` and ``record`` are those
    of the match, whatever the target.
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
    threshold: float | None
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
    score_kind: ScoreKind = "probability"
    frame: Frame = WHOLE_FRAME
    image_offset: int = 0
    notices: tuple[str, ...] = ()

    @property
    def is_match(self) -> bool | None:
        """Whether the text counts as describing the photo; None where no threshold was calibrated."""
        return None if self.threshold is None else self.score >= self.threshold

    @property
    def seen(self) -> ImageInput:
        """The picture that the grid lies on: the photo, or what was cropped from it or padded around it."""
        return framed(self.image, self.frame)

    @property
    def main_kind(self) -> Kind:
        """The attention to look at first: a dual encoder has none between text and photo."""
        return "text→image" if self.record.of_kind("text→image") else "image"
