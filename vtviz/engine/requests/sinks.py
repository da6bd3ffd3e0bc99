"""Which patches of a photo are sinks of an image tower, and what changes once a register takes over what they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from vtviz.engine.engine import Workbench
from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.faithfulness import MeasureFaithfulness
from vtviz.inputs import ImageInput
from vtviz.models.base import FusionModel
from vtviz.models.open_clip.names import with_registers
from vtviz.models.open_clip.registers.sinks import Sinks, find_sinks
from vtviz.watch import Watch

Ask = Callable[[Any], Any]


@dataclass(frozen=True)
class FindSinks:
    """The sink patches of a photo. The answer is None where the model's image tower is not read layer by layer."""

    image: ImageInput
    model: str
    device: str | None = None

    slow = False

    @property
    def key(self) -> str:
        return f"{self.image.sha256} {self.model}"

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Sinks | None:
        if not hasattr(model, "vision"):
            return None
        features = workbench.features(model, self.image)
        watch.enter("forward")
        return find_sinks(cast(Any, model), features)


@dataclass(frozen=True)
class Side:
    """What one of the two models says: its match, the sinks of its tower, and how faithful its map is (areas under
    curves by name; None where the map is flat)."""

    model: str
    score: float
    sinks: Sinks
    faithfulness: dict[str, float] | None

    @property
    def figures(self) -> dict[str, float | int | None]:
        """All of it by name."""
        measured = self.faithfulness or {}
        return {
            "score": self.score,
            "sinks": self.sinks.count,
            "attention": self.sinks.share,
            "insertion": measured.get("insertion"),
            "deletion": measured.get("deletion"),
        }


def before_and_after(explanation: Explanation, ask: Ask) -> tuple[Side, Side] | None:
    """An explanation, and the same of its model with a register; None where the model has no such tower, or a register
    already.

    Raises:
        InputError, ModelError: as the engine does, also where nothing is there to repair.
    """
    name = with_registers(explanation.model)
    if name is None:
        return None
    before = _side(explanation, ask)
    if before is None:
        return None
    asked = Explain(
        explanation.image,
        explanation.tokens.text,
        name,
        explanation.method,
        explanation.options,
        explanation.target,
        explanation.asked_device,
    )
    after = _side(ask(asked), ask)
    return None if after is None else (before, after)


def _side(explanation: Explanation, ask: Ask) -> Side | None:
    sinks = ask(FindSinks(explanation.image, explanation.model, explanation.asked_device))
    if sinks is None:
        return None
    measured = ask(MeasureFaithfulness(explanation.attribution))
    figures = None if measured is None else measured.figures
    return Side(explanation.model, explanation.score, sinks, figures)
