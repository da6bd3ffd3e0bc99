"""Captions and answers of a model against those of a split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from torch import Tensor
from tqdm import tqdm

from vtviz.evaluation.captioning import bleu, cider
from vtviz.evaluation.questions import KINDS, Question, derive, frequent_nouns
from vtviz.evaluation.split import Row
from vtviz.models.base import AnswerModel, CaptionModel
from vtviz.tasks.answer import answer_probabilities
from vtviz.tasks.caption import caption_text


def caption_figures(model: CaptionModel, features: Sequence[Tensor], rows: Sequence[Row]) -> dict[str, Any]:
    """BLEU-1 and BLEU-4 (0..1) and CIDEr-D (0..10) of the best caption of each photo against all of its captions."""
    texts = [caption_text(model, each) for each in tqdm(features, desc="captions", disable=None)]
    references = [row["captions"] for row in rows]
    return {
        "bleu1": bleu(texts, references, 1),
        "bleu4": bleu(texts, references),
        "cider": cider(texts, references),
        "photos": len(texts),
        "different": len(set(texts)),
    }


def answer_figures(model: AnswerModel, features: Sequence[Tensor], rows: Sequence[Row]) -> dict[str, Any] | None:
    """Accuracy of the likeliest answer to the questions derived from the split, by kind, beside that of always giving
    the kind's most frequent answer; None where nothing can be asked. An answer is right where any caption gives it."""
    nouns = frequent_nouns(rows)
    asked: list[tuple[Question, str, float]] = []
    for row, each in zip(tqdm(rows, desc="answers", disable=None), features, strict=True):
        questions = derive(row, nouns)
        if questions:
            likely = answer_probabilities(model, each, [question.text() for question in questions])
            best = likely.argmax(axis=1)
            asked += [
                (q, model.answers[b], float(p[b])) for q, b, p in zip(questions, best.tolist(), likely, strict=True)
            ]
    if not asked:
        return None
    given = [each for each in asked if each[2] >= model.answer_threshold]
    return {
        **_accuracy(asked),
        "given": len(given) / len(asked),
        "accuracy_where_given": _accuracy(given)["accuracy"],
        "kinds": {kind: _against_most_frequent([e for e in asked if e[0].kind == kind]) for kind in KINDS},
    }


def _accuracy(asked: Sequence[tuple[Question, str, float]]) -> dict[str, Any]:
    right = sum(answer in question.answers for question, answer, _ in asked)
    return {"questions": len(asked), "accuracy": right / max(len(asked), 1)}


def _against_most_frequent(asked: Sequence[tuple[Question, str, float]]) -> dict[str, Any]:
    counts = Counter(answer for question, _, _ in asked for answer in question.answers)
    answer, count = max(counts.items(), key=lambda item: item[1], default=("", 0))
    return {**_accuracy(asked), "most_frequent": answer, "most_frequent_accuracy": count / max(len(asked), 1)}
