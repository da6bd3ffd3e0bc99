"""What an evaluation asks of an engine: each request is data, a part of longer work, and lets others pass between its
steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from vtviz.inputs import ImageInput
from vtviz.jobs.door import Workbench
from vtviz.machine import device_label
from vtviz.models.base import FusionModel, ScoreKind, as_score
from vtviz.models.finite import need_numbers
from vtviz.watch import Watch

TEXTS = 32  # in one pass
PAIRS = 128  # of photos and texts of several requests in one pass


@dataclass(frozen=True)
class Scorer:
    """A model as an evaluation names it: ``threshold`` is the one that it comes with, None where it has none."""

    model: str
    weights_sha256: str
    device: str
    score_kind: ScoreKind
    threshold: float | None


@dataclass(frozen=True)
class DescribeScorer:
    """What an evaluation needs to know of a model before it scores anything."""

    model: str
    device: str | None = None

    key, slow = None, True

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Scorer:
        device = device_label(model.device)
        return Scorer(self.model, model.weights_sha256, device, model.score_kind, model.threshold)


@dataclass(frozen=True)
class ScoreTexts:
    """The match scores of texts with one photo, as the model shows them.

    They are float64: in float32 every logit above 17 would be a probability of 1, and such pairs would tie.
    """

    model: str
    image: ImageInput
    texts: tuple[str, ...]
    device: str | None = None

    key, slow = None, True

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> tuple[float, ...]:
        features, scores = workbench.features(model, self.image), list[float]()
        for start in range(0, len(self.texts), TEXTS):
            watch.check()
            texts = self.texts[start : start + TEXTS]
            scores += _scores(model, features.expand(len(texts), -1, -1), texts)
        return tuple(scores)

    @staticmethod
    def answer_together(
        requests: Sequence[ScoreTexts],
        model: FusionModel,
        features: Callable[[Sequence[ImageInput]], list[Tensor]],
        watch: Watch,
    ) -> list[tuple[float, ...]]:
        """The answers to several requests, whose pairs of photo and text share their passes."""
        photos, scores = features([request.image for request in requests]), list[float]()
        pairs = [(photo, text) for photo, request in zip(photos, requests, strict=True) for text in request.texts]
        for start in range(0, len(pairs), PAIRS):
            watch.check()
            part = pairs[start : start + PAIRS]
            scores += _scores(model, torch.cat([photo for photo, _ in part]), [text for _, text in part])
        left = iter(scores)
        return [tuple(islice(left, len(request.texts))) for request in requests]


def _scores(model: FusionModel, features: Tensor, texts: Sequence[str]) -> list[float]:
    """The scores of photo i (``features [n, patches, channels]``) with text i."""
    with torch.inference_mode():
        logits = model.match_logits(features, texts)
    need_numbers(logits)
    scores: list[float] = as_score(logits.cpu().double(), model.score_kind).tolist()
    return scores
