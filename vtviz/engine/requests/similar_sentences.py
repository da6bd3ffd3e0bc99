"""A sentence beside similar ones that say something else."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

import torch

from vtviz.engine.engine import Workbench
from vtviz.evaluation.foils import Foil, Foils
from vtviz.inputs import ImageInput, check_text
from vtviz.models.base import FusionModel, as_score
from vtviz.models.finite import need_numbers
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.vocabulary import everyday_nouns, kinds
from vtviz.watch import Watch

ROUNDS = 12  # in which each word of a sentence may be exchanged


@dataclass(frozen=True)
class Similar:
    """A sentence in which ``was`` became ``now``, a colour, number, noun or action, and its match with the photo."""

    text: str
    kind: str
    was: str
    now: str
    score: float


@dataclass(frozen=True)
class Ranked:
    """The match of a sentence beside those of similar ones, the best-matching first."""

    score: float
    similar: tuple[Similar, ...]

    @property
    def better_than(self) -> int:
        """How many of the similar sentences match the photo less well."""
        return sum(item.score < self.score for item in self.similar)


@dataclass(frozen=True)
class RankSimilar:
    """How a sentence ranks among up to ``count`` that differ from it in one thing; none where no word can be
    exchanged."""

    image: ImageInput
    text: str
    model: str = DEFAULT_MODEL
    count: int = 10
    device: str | None = None

    slow = False

    @property
    def key(self) -> str:
        parts = (self.image.sha256, self.text, self.model, self.count)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Ranked:
        """Raises InputError where the text holds nothing to read, ModelError where a score is not a number."""
        text, features = check_text(self.text), workbench.features(model, self.image)
        foils, rng = everyday_foils(), random.Random(text)
        found: dict[str, Foil] = {}
        for _ in range(ROUNDS):
            for foil in foils.all_of(text, (), rng):
                if foil.text != text and len(found) < self.count:
                    found.setdefault(foil.text, foil)
        with torch.inference_mode():
            texts = [text, *found]
            matches = model.match_logits(features.expand(len(texts), -1, -1), texts)
        need_numbers(matches)
        own, *scores = as_score(matches, model.score_kind).tolist()
        similar = [Similar(f.text, f.kind, f.was, f.now, s) for f, s in zip(found.values(), scores, strict=True)]
        return Ranked(own, tuple(sorted(similar, key=lambda item: -item.score)))


def everyday_foils() -> Foils:
    """Foils from everyday nouns."""
    words = everyday_nouns()
    return Foils(kinds(), words, {chinese: name for name, chinese in words.items()})
