"""The steps inside one attention layer, and the plan of the whole network."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from vtviz.engine.engine import Workbench
from vtviz.inputs import ImageInput, Tokens
from vtviz.mechanism.inside import LayerSteps, kinds_of, layer_steps
from vtviz.mechanism.plan import Plan, draw_plan
from vtviz.models.base import FusionModel
from vtviz.models.record import Kind
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.watch import Watch


@dataclass(frozen=True, eq=False)
class Inside:
    """The steps of a layer for a photo and a text: ``tokens`` of the text, which ``text_offset`` special ones precede,
    the ``grid`` of patches, which ``image_offset`` others precede, and the ``kinds`` of attention of the model."""

    steps: LayerSteps
    tokens: Tokens
    text_offset: int
    image_offset: int
    grid: tuple[int, int]
    kinds: tuple[Kind, ...]


@dataclass(frozen=True)
class NetworkPlan:
    """The plan of a network, the tokens of the text, which ``text_offset`` special ones precede."""

    plan: Plan
    tokens: Tokens
    text_offset: int


@dataclass(frozen=True)
class LookInside:
    """Queries, keys and values of one attention layer, counted from 0 among those of its kind, and what follows."""

    image: ImageInput
    text: str
    kind: Kind = "text→image"
    layer: int = 0
    model: str = DEFAULT_MODEL
    device: str | None = None

    slow = False

    @property
    def key(self) -> str:
        parts = (self.image.sha256, self.text, self.kind, self.layer, self.model)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Inside:
        """Raises InputError where the text holds nothing to read, or the model has no such layer."""
        features = workbench.features(model, self.image)
        tokens = model.tokenize(self.text)
        pixels = model.pixels(self.image) if model.attention_in_pixels else None
        watch.enter("forward")
        steps = layer_steps(model, features, model.encode_texts([tokens.text]), self.kind, self.layer, pixels)
        return Inside(steps, tokens, model.text_offset, model.image_offset, model.grid, kinds_of(model))


@dataclass(frozen=True)
class DrawPlan:
    """The plan of a model's network, with what a photo and a text do in it."""

    image: ImageInput
    text: str
    model: str = DEFAULT_MODEL
    device: str | None = None

    slow = False

    @property
    def key(self) -> str:
        return hashlib.sha256(repr((self.image.sha256, self.text, self.model)).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> NetworkPlan:
        """Raises InputError where the text holds nothing to read, or the model does not show its network."""
        tokens = model.tokenize(self.text)
        watch.enter("forward")
        return NetworkPlan(draw_plan(model, self.image, model.encode_texts([tokens.text])), tokens, model.text_offset)
