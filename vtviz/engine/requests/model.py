"""What a person must know of a model before it is asked."""

from __future__ import annotations

from dataclasses import dataclass

from vtviz.attribution.targets import parse_target
from vtviz.engine.engine import Workbench
from vtviz.models.base import FusionModel, Target
from vtviz.watch import Watch


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready: its name, the sha256 of its weights, and where it runs."""

    name: str
    weights_sha256: str
    device: str


@dataclass(frozen=True)
class LoadModel:
    """Loads a model where it is not yet; the watch hears how far its download has come."""

    model: str
    device: str | None = None

    key, slow = None, False

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> LoadedModel:
        return LoadedModel(self.model, model.weights_sha256, str(model.device))


@dataclass(frozen=True)
class ReadTarget:
    """A target as a person writes it: ``match``, ``similarity``, ``caption:PLACE`` or ``answer:WORDS``."""

    written: str
    model: str
    device: str | None = None

    key, slow = None, False

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Target:
        """Raises InputError where it is none of these, or the model does not know the answer."""
        return parse_target(model, self.written)
