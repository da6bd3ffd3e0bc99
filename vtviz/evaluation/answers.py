"""A model's answers to the questions that are derived from a split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from vtviz.evaluation.questions import KINDS, Question, derive, frequent_nouns
from vtviz.evaluation.split import Row
from vtviz.models.base import AnswerModel
from vtviz.tasks.answer import answer_probabilities
from vtviz.watch import Watch


@dataclass(frozen=True)
class Answered:
    """A question with the likeliest answer and its probability."""

    question: Question
    answer: str
    probability: float

    @property
    def is_right(self) -> bool:
        return self.answer in self.question.answers


def answer_figures(
    model: AnswerModel, features: Sequence[Tensor], rows: Sequence[Row], watch: Watch
) -> dict[str, Any] | None:
    """Accuracy of the likeliest answer to the questions derived from the split, by kind, beside that of always giving
    the kind's most frequent answer; None where nothing can be asked. An answer is right where any caption gives it."""
    nouns = frequent_nouns(rows)
    answered: list[Answered] = []
    for index in watch.follow("answers", range(len(rows))):
        answered += _answers(model, features[index], derive(rows[index], nouns))
    if not answered:
        return None
    confident = [item for item in answered if item.probability >= model.answer_threshold]
    return {
        **_accuracy(answered),
        "given": len(confident) / len(answered),
        "accuracy_where_given": _accuracy(confident)["accuracy"],
        "kinds": {
            kind: _against_most_frequent([item for item in answered if item.question.kind == kind]) for kind in KINDS
        },
    }


def _answers(model: AnswerModel, features: Tensor, questions: Sequence[Question]) -> list[Answered]:
    """The likeliest answer to each question about one photo."""
    if not questions:
        return []
    likely = answer_probabilities(model, features, [question.text() for question in questions])
    best = likely.argmax(axis=1).tolist()
    return [
        Answered(question, model.answers[answer], float(row[answer]))
        for question, answer, row in zip(questions, best, likely, strict=True)
    ]


def _accuracy(answered: Sequence[Answered]) -> dict[str, Any]:
    right = sum(item.is_right for item in answered)
    return {"questions": len(answered), "accuracy": right / max(len(answered), 1)}


def _against_most_frequent(answered: Sequence[Answered]) -> dict[str, Any]:
    counts = Counter(answer for item in answered for answer in item.question.answers)
    answer, count = max(counts.items(), key=lambda pair: pair[1], default=("", 0))
    return {
        **_accuracy(answered),
        "most_frequent": answer,
        "most_frequent_accuracy": count / max(len(answered), 1),
    }
