"""The sentences of a list that describe a photo best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vtviz.inputs import InputError, check_text
from vtviz.models.base import FusionModel, ScoreKind, as_score
from vtviz.models.finite import need_numbers
from vtviz.models.verdict import Verdict
from vtviz.tasks.search.find import BLOCK, RERANKED, verdict_of

MOST = 5000


@dataclass(frozen=True)
class Fitting:
    """A sentence and its match with a photo, with the verdict, None where the model gives none."""

    text: str
    match: float
    verdict: Verdict | None
    score_kind: ScoreKind = "probability"


def best_sentences(model: FusionModel, features: Tensor, sentences: Sequence[str], top: int = 10) -> list[Fitting]:
    """The sentences with the highest match, among the ``RERANKED`` most similar to the photo, ``features [1, patches,
    channels]``.

    Raises:
        InputError: if there are no sentences or too many, or one holds nothing to read.
        ModelError: if a match is not a number.
    """
    texts = list(dict.fromkeys(check_text(text) for text in sentences))
    if not texts or len(texts) > MOST:
        raise InputError("Give 1 to {most} sentences; there are {count}.", most=MOST, count=len(texts))
    with torch.inference_mode():
        photo, blocks = model.index_images(features), range(0, len(texts), BLOCK)
        similar = torch.cat(
            [model.similarity(model.index_texts(texts[first : first + BLOCK]), photo)[:, 0] for first in blocks]
        )
        near = [texts[int(index)] for index in similar.topk(min(max(RERANKED, top), len(texts))).indices]
        matches = torch.cat(
            [
                model.match_logits(features.expand(len(part), -1, -1), part)
                for part in (near[first : first + BLOCK] for first in range(0, len(near), BLOCK))
            ]
        )
    need_numbers(matches)
    scores = as_score(matches.float(), model.score_kind).tolist()
    ranked = sorted(zip(near, scores, strict=True), key=lambda item: -item[1])
    return [Fitting(text, score, verdict_of(model, score), model.score_kind) for text, score in ranked[:top]]
