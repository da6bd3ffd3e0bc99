"""The moments of a story, asked again of the model that they were made with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from vtviz.attribution.registry import find_method, methods
from vtviz.attribution.targets import parse_target
from vtviz.engine.engine import Workbench
from vtviz.engine.intervention import Intervention
from vtviz.engine.lens import ways_to_look
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.interventions import Intervene
from vtviz.inputs import ImageInput
from vtviz.models.base import FusionModel
from vtviz.stories.moment import Moment
from vtviz.watch import Watch


@dataclass(frozen=True)
class TellMoment:
    """What a model says at a moment, before and after its changes; without any, both are the same."""

    moment: Moment
    image: ImageInput
    device: str | None = None

    @property
    def model(self) -> str:
        return self.moment.model

    @property
    def slow(self) -> bool:
        return self.moment.method in methods() and find_method(str(self.moment.method)).perturbs

    @property
    def key(self) -> str:
        return hashlib.sha256(repr((self.image.sha256, self.moment)).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Intervention:
        """Raises InputError where the model cannot take the text, the target, the method or a change."""
        moment = self.moment
        target = parse_target(model, moment.target)
        beside = tuple(ways_to_look(model.abilities).values())
        asked = Explain(
            self.image, moment.text, moment.model, moment.method, target=target, device=self.device, beside=beside
        )
        return Intervene(asked, moment.changes).answer(model, workbench, watch)
