"""What an engine answers to a photo and a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vtviz.attribution.base import Relevance
from vtviz.attribution.options import Options
from vtviz.engine.run_log import Notes
from vtviz.inputs import WHOLE_FRAME, Frame, ImageInput, Tokens, framed
from vtviz.metrics.attention import entropy
from vtviz.models.base import ScoreKind, Target
from vtviz.models.record import AttentionRecord, Kind
from vtviz.models.verdict import Bounds, Doubt, Verdict


@dataclass(frozen=True)
class Attribution:
    """The relevance that a method found, with all that it takes to find it again or to measure it.

    ``options`` are those that the method has, complete; ``device`` is the engine's own where None; ``fingerprint`` is
    that of the request, and everything random about it follows ``seed``.
    """

    image: ImageInput
    text: str
    model: str
    device: str | None
    target: Target
    method: str
    options: Options
    relevance: Relevance
    fingerprint: str

    @property
    def seed(self) -> int:
        return int(self.fingerprint, 16) % 2**32


@dataclass(frozen=True)
class Explanation:
    """A model's answer for one photo and text, and what led to it.

    ``score`` is the match, as ``score_kind`` says; ``threshold`` is None where none was calibrated; ``frame`` is the
    part of the photo that the grid lies on, and ``grid`` its rows and columns of patches; ``text_offset`` and
    ``image_offset`` are the positions of the first piece and patch in the record's axes; ``unknown`` those of words
    that the model does not know; ``timings_ms`` the time of each stage; ``device`` names where it ran, for a person,
    ``asked_device`` what was asked for (None: the engine's own); ``memory_mb`` is in MiB after the run; ``options`` are
    those that the method has, complete; ``notices`` are for the person. ``score``, ``layer`` and ``record`` are those
    of the match, whatever the target. ``beside`` is the relevance that further methods found for the match, by name.
    ``bounds`` are those beyond which a verdict is given, or None where none were
    calibrated; ``judged_score`` is the match of the words that the model knows, on which it is given, or None where
    they name nothing.
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
    asked_device: str | None = None
    beside: Mapping[str, Relevance] = field(default_factory=dict)
    bounds: Bounds | None = None
    judged_score: float | None = None

    @property
    def verdict(self) -> Verdict | None:
        """Whether the text describes the photo, does not, or the model is not sure; None where no bounds were
        calibrated."""
        if self.bounds is None:
            return None
        return "not sure" if self.judged_score is None else self.bounds.verdict(self.judged_score)

    @property
    def doubt(self) -> Doubt | None:
        """Why the model is not sure: the text names nothing, it does not know some words, or the score lies between the
        bounds. None where it is sure."""
        if self.verdict != "not sure":
            return None
        if self.judged_score is None:
            return "unknown words" if self.unknown else "nothing named"
        return "unknown words" if self.unknown else "between"

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

    @property
    def attribution(self) -> Attribution:
        """What of it can be measured."""
        text, device = self.tokens.text, self.asked_device
        asked = (self.image, text, self.model, device, self.target, self.method, self.options)
        return Attribution(*asked, self.relevance, self.fingerprint)

    @property
    def notes(self) -> Notes:
        """What the engine's log keeps of it."""
        return Notes(
            method=self.method,
            timings_ms=self.timings_ms,
            score=self.score,
            score_kind=self.score_kind,
            entropy=self._entropy(),
            memory_mb=self.memory_mb,
        )

    def _entropy(self) -> float | None:
        """That of the attention of the text at the layer shown, 0..1."""
        layers = self.record.of_kind("text→image")
        if not layers:
            return None
        first, count = self.text_offset, len(self.tokens.pieces)
        weights = layers[min(self.layer, len(layers) - 1)].weights[:, first : first + count]
        return float(entropy(weights).mean())
