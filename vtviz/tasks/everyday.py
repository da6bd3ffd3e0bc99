"""Everyday names: what a photo may show where no caption can be trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from vtviz.chinese import Language
from vtviz.models.base import FusionModel, as_score
from vtviz.models.finite import need_numbers
from vtviz.paths import ASSETS

TEXTS: dict[Language, str] = {"en": "a photo of {}.", "zh": "一张有{}的照片。"}
CANDIDATES = 12  # names whose match is asked for, of all that are compared


@dataclass(frozen=True)
class MayBe:
    """A name, and how well a text that only names it matches the photo."""

    name: str
    text: str
    score: float


@cache
def everyday_names() -> Mapping[str, Mapping[str, str]]:
    """Chinese words by English ones, in groups of things of the same kind."""
    groups: dict[str, dict[str, str]] = json.loads((ASSETS / "everyday.json").read_text(encoding="utf-8"))
    return groups


@torch.inference_mode()
def may_show(model: FusionModel, features: Tensor, language: Language = "en", count: int = 6) -> list[MayBe]:
    """The everyday names that match a photo best, ``features [1, patches, channels]``, best first.

    All names are compared by their similarity, and the nearest ones by their match.
    """
    names = [
        chinese if language == "zh" else name for group in everyday_names().values() for name, chinese in group.items()
    ]
    texts = [TEXTS[language].format(_with_article(name) if language == "en" else name) for name in names]
    nearest = model.similarity(model.index_texts(texts), model.index_images(features))[:, 0].topk(CANDIDATES).indices
    chosen = [texts[index] for index in nearest.tolist()]
    matches = model.match_logits(features.expand(len(chosen), -1, -1), chosen)
    need_numbers(matches)
    scores = as_score(matches, model.score_kind).tolist()
    found = [MayBe(names[index], texts[index], score) for index, score in zip(nearest.tolist(), scores, strict=True)]
    return sorted(found, key=lambda item: -item.score)[:count]


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
