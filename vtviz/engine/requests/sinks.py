"""Which patches of a photo are sinks of an image tower."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from vtviz.engine.engine import Workbench
from vtviz.inputs import ImageInput
from vtviz.models.base import FusionModel
from vtviz.models.open_clip.registers.sinks import Sinks, find_sinks
from vtviz.watch import Watch


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
