"""What may be in a photo, and what resembles what in it, before anybody wrote a text about it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.engine.engine import Workbench
from vtviz.engine.intervention import Likeness
from vtviz.inputs import Frame, ImageInput
from vtviz.interventions.likeness import patch_likeness
from vtviz.models.base import FusionModel
from vtviz.models.encoders import TokenLevelModel
from vtviz.models.finite import need_numbers
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.tasks.names import written
from vtviz.watch import Watch

NEAREST = 16  # names by similarity, among which the match decides
COUNT = 8


@dataclass(frozen=True)
class Things:
    """Names that fit a photo, best first, with the similarity of its patches to each, ``maps [names, h, w]`` in -1..1.

    The maps lie on ``frame`` of the photo. They are zeros where the model does not compare words with patches.
    """

    names: tuple[str, ...]
    maps: np.ndarray
    frame: Frame


@dataclass(frozen=True)
class ComparePatches:
    """Which patches of a photo resemble each other, or those of another photo."""

    image: ImageInput
    other: ImageInput | None = None
    model: str = DEFAULT_MODEL
    device: str | None = None

    slow = False

    @property
    def key(self) -> str:
        other = None if self.other is None else self.other.sha256
        return hashlib.sha256(repr((self.image.sha256, other, self.model)).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Likeness:
        """Raises ModelError where a cosine is not a number."""
        features = workbench.features(model, self.image)
        others = features if self.other is None else workbench.features(model, self.other)
        return Likeness(patch_likeness(model, features, others), (model.grid, model.grid))


@dataclass(frozen=True)
class FindThings:
    """Which of some names fit a photo best: the nearest by contrastive similarity, in the order of their match.

    Names that the model does not know are left out.
    """

    image: ImageInput
    names: tuple[str, ...]
    model: str = DEFAULT_MODEL
    device: str | None = None

    slow = False

    @property
    def key(self) -> str:
        return hashlib.sha256(repr((self.image.sha256, self.names, self.model)).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Things:
        features = workbench.features(model, self.image)
        unknown = set(model.unknown_words(self.names))
        names = [name for index, name in enumerate(self.names) if index not in unknown]
        if not names:
            return Things((), np.zeros((0, *model.grid), np.float32), model.frame(self.image))
        with torch.inference_mode():
            texts = workbench.share(("names", self.names), lambda: model.index_texts([written(name) for name in names]))
            likeness = model.similarity(texts, model.index_images(features)).flatten()
            near = [names[int(index)] for index in likeness.topk(min(NEAREST, len(names))).indices]
            watch.step(0, 1)
            matches = model.match_logits(features.expand(len(near), -1, -1), [written(name) for name in near])
        need_numbers(matches)
        best = tuple(near[int(index)] for index in matches.argsort(descending=True)[:COUNT])
        return Things(best, _maps(model, features, best), model.frame(self.image))


def _maps(model: FusionModel, features: torch.Tensor, names: tuple[str, ...]) -> np.ndarray:
    if not isinstance(model, TokenLevelModel):
        return np.zeros((len(names), *model.grid), np.float32)
    found = attribute_case(Case(model, None, list(names), features=features), "maskclip")
    return np.stack([relevance.image for relevance in found])
