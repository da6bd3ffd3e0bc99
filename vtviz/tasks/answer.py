"""Answers to questions about a photo, each with its map."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from vtviz.attribution.base import Relevance
from vtviz.attribution.maps import of_tokens
from vtviz.chinese import Language
from vtviz.inputs import Tokens
from vtviz.models.base import AnswerModel
from vtviz.models.finite import need_numbers
from vtviz.paths import ASSETS

CANDIDATES = 5


@dataclass(frozen=True)
class Answer:
    """The likeliest answers with their probabilities, best first, and where the question looked for the best one.

    ``unknown`` are the indices of question words that the model does not know.
    """

    question: Tokens
    candidates: tuple[tuple[str, float], ...]
    threshold: float
    unknown: tuple[int, ...]
    relevance: Relevance

    @property
    def text(self) -> str | None:
        """The best answer, or None where the model cannot tell."""
        answer, probability = self.candidates[0]
        return None if self.unknown or probability < self.threshold else answer


@cache
def _chinese() -> dict[str, str]:
    words: dict[str, str] = json.loads((ASSETS / "answers.zh.json").read_text(encoding="utf-8"))
    return words


def in_language(answer: str, language: Language) -> str:
    """An answer as people say it in a language; parts that it has no word for stay as they are."""
    if language == "en":
        return answer
    return "和".join(_chinese().get(part, part) for part in answer.split(" and "))


def answer_question(model: AnswerModel, features: Tensor, question: str) -> Answer:
    """Answers one question about one photo, ``features [1, patches, channels]``.

    The maps are attention times its positive gradient of the best answer's logit, averaged over layers and heads
    (Chefer et al., "Generic Attention-model Explainability", ICCV 2021, equation 5).

    Raises:
        InputError: if the question holds nothing to read.
        ModelError: if a logit is not a number.
    """
    tokens = model.tokenize(question)
    with torch.enable_grad(), model.record({"text→image"}) as recording:
        logits = model.answer_logits(features, [tokens.text])[0].float()
        need_numbers(logits.detach())
        weights = recording.of_kind("text→image")
        gradients = torch.autograd.grad(logits.max(), weights)
    weighted = [
        (attention * gradient.clamp_min(0.0)).detach().mean(dim=1)
        for attention, gradient in zip(weights, gradients, strict=True)
    ]
    first, count = model.text_offset, len(tokens.pieces)
    rows = torch.stack(weighted).mean(dim=0)[0, first : first + count, model.image_offset :].float()
    best = logits.detach().softmax(dim=-1).topk(min(CANDIDATES, len(model.answers)))
    candidates = tuple((model.answers[i], p) for p, i in zip(best.values.tolist(), best.indices.tolist(), strict=True))
    unknown = model.unknown_words([word.text for word in tokens.words])
    relevance = of_tokens(rows, rows.sum(dim=-1), model.grid)
    return Answer(tokens, candidates, model.answer_threshold, unknown, relevance)


@torch.inference_mode()
def answer_probabilities(model: AnswerModel, features: Tensor, questions: list[str]) -> np.ndarray:
    """Probabilities ``[questions, answers]`` without maps."""
    return model.answer_logits(features, questions).float().softmax(dim=-1).cpu().numpy()
