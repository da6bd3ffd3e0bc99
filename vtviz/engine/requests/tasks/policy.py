"""A photo, and a text beside it, against a policy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from vtviz.engine.engine import Workbench
from vtviz.inputs import ImageInput
from vtviz.models.base import FusionModel
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.tasks.policy.check import Ruling, Score, check_photo, score_rules
from vtviz.tasks.policy.policy import Policy
from vtviz.watch import Watch


@dataclass(frozen=True)
class CheckPolicy:
    """What a policy says of a photo and a text, with evidence. ``model`` is usually the policy's own."""

    policy: Policy
    image: ImageInput
    text: str = ""
    model: str = DEFAULT_MODEL
    device: str | None = None

    slow = False

    @property
    def key(self) -> str:
        parts = (self.policy, self.image.sha256, self.text, self.model)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Ruling:
        """Raises InputError where a text is given that holds nothing to read."""
        features = workbench.features(model, self.image)
        watch.enter("policy")
        return check_photo(model, self.policy, self.image, features, self.text)


@dataclass(frozen=True)
class ScoreRules:
    """The score of every rule for a photo and a text: a part of an evaluation."""

    policy: Policy
    image: ImageInput
    text: str = ""
    model: str = DEFAULT_MODEL
    device: str | None = None

    key, slow = None, True

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> list[Score]:
        watch.check()
        return score_rules(model, self.policy.rules, workbench.features(model, self.image), self.text)
