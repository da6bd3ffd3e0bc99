"""What a model said of one photo and text, and what would have changed it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.masked import Fill, Masked
from vtviz.audit.rows.row import target_of
from vtviz.inputs import ImageInput
from vtviz.jobs.door import Workbench
from vtviz.metrics.faithfulness import prefixes
from vtviz.models.base import FusionModel
from vtviz.watch import Watch

NAMED = 3  # words that carried most


@dataclass(frozen=True)
class Decision:
    """What a model said of one photo and text: its ``score`` and ``threshold`` (None where it decides nothing).

    ``words`` of the text, and for each the score without it; ``without_photo`` are the scores with the most relevant
    patches taken away, at the shares ``shares`` of the photo from 0 to 1.
    """

    score: float
    threshold: float | None
    words: tuple[str, ...]
    without_word: tuple[float, ...]
    shares: tuple[float, ...]
    without_photo: tuple[float, ...]

    @property
    def accepted(self) -> bool | None:
        """Whether the text counts as describing the photo."""
        return None if self.threshold is None else self.score >= self.threshold

    @property
    def carried(self) -> list[str]:
        """The words without which the score moves most towards the other verdict, the first of them first."""
        sign = -1.0 if self.accepted is False else 1.0
        drops = sign * (self.score - np.array(self.without_word))
        order = np.argsort(-drops, kind="stable")[:NAMED]
        return [self.words[place] for place in order if drops[place] > 0]

    @property
    def turning_words(self) -> list[str]:
        """The words each of which, left out, turns the verdict."""
        if self.threshold is None:
            return []
        pairs = zip(self.words, self.without_word, strict=True)
        return [word for word, score in pairs if (score >= self.threshold) != self.accepted]

    @property
    def turning_share(self) -> float | None:
        """The least share of the photo, its most relevant parts first, that turns the verdict when it is covered; None
        where nothing does."""
        if self.threshold is None:
            return None
        turned = (np.array(self.without_photo) >= self.threshold) != self.accepted
        return self.shares[int(turned.argmax())] if turned.any() else None


@dataclass(frozen=True)
class Decide:
    """What a model says of a photo and a text, without each word, and without the patches that a method marks."""

    model: str
    method: str
    image: ImageInput
    text: str
    fill: Fill
    steps: int
    device: str | None = None

    key, slow = None, True

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Decision:
        case = Case(model, self.image, [self.text], target_of(model), workbench.features(model, self.image))
        masked = Masked(case, self.fill, watch)
        relevance = attribute_case(case, self.method, watch=watch)[0]
        alone = ~np.eye(masked.words, dtype=bool)
        steps = min(self.steps, masked.patches)
        kept = ~prefixes(relevance.image.ravel(), steps)
        photo = masked.without_patches(kept)
        return Decision(
            float(photo[0]),
            None if model.threshold is None else float(model.threshold),
            tuple(word.text for word in case.tokens[0].words),
            tuple(masked.without_words(alone).tolist()) if masked.words > 1 else (float(photo[0]),) * masked.words,
            tuple((1.0 - kept.mean(axis=1)).tolist()),
            tuple(photo.tolist()),
        )
