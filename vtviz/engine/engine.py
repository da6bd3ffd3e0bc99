"""The contract of every engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from torch import Tensor

from vtviz.engine.explain import OnStage
from vtviz.engine.explanation import Explanation, Request
from vtviz.inputs import ImageInput
from vtviz.models.base import FusionModel, Target
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.tasks.answer import Answer
from vtviz.tasks.caption import Caption
from vtviz.watch import Watch


class Engine(Protocol):
    """The only door to a model."""

    def explain(self, request: Request, on_stage: OnStage | None = None, watch: Watch | None = None) -> Explanation:
        """The model's answer and what led to it; ``on_stage`` hears each stage of STAGES as it begins, and ``watch``
        the progress of the attribution, which it may cancel."""

    def target(self, model: str, written: str) -> Target:
        """A target of a model as a person writes it."""

    def captions(
        self, image: ImageInput, model: str = DEFAULT_MODEL, device: str | None = None, watch: Watch | None = None
    ) -> list[Caption]:
        """Captions of a photo, best first; ``watch`` hears of each piece, and may cancel them."""

    def answer(self, image: ImageInput, question: str, model: str = DEFAULT_MODEL, device: str | None = None) -> Answer:
        """The likeliest answers to a question about a photo."""


Value = TypeVar("Value")


class Shared(Protocol):
    """An engine whose models can be borrowed, with what it keeps of photos."""

    def use(self, model: str, work: Callable[[FusionModel], Value]) -> Value:
        """Runs ``work`` with a model in turn."""

    def features(self, model: str, image: ImageInput) -> Tensor:
        """What the model reads of a photo, ``[1, patches, channels]``; a known photo is not encoded again."""
