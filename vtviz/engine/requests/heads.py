"""How much each attention head matters for one match."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from vtviz.attribution.case import Case
from vtviz.engine.engine import Workbench
from vtviz.engine.explanation import Explanation
from vtviz.inputs import ImageInput
from vtviz.metrics.heads import head_changes
from vtviz.models.base import FusionModel
from vtviz.watch import Watch


@dataclass(frozen=True)
class MeasureHeads:
    """How the match changes without each text→image head, ``[layers, heads]``, in units of the match.

    The answer is None where the model has no such attention, or its parts cannot be found.
    """

    image: ImageInput
    text: str
    model: str
    device: str | None = None

    slow = False

    @classmethod
    def of(cls, explanation: Explanation) -> MeasureHeads:
        """The request for the photo and the text of an explanation."""
        return cls(explanation.image, explanation.tokens.text, explanation.model, explanation.asked_device)

    @property
    def key(self) -> str:
        return hashlib.sha256(repr((self.image.sha256, self.text, self.model)).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> np.ndarray | None:
        case = Case(model, self.image, [self.text], features=workbench.features(model, self.image))
        watch.enter("heads")
        return head_changes(case, watch)
