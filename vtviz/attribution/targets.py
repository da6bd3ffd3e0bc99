"""Targets as a person writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import get_args

from vtviz.inputs import InputError
from vtviz.models.base import AnswerModel, FusionModel, Target, TargetKind

NEAREST = 5  # answers named in place of all of them


@dataclass(frozen=True)
class WrittenTarget:
    """A target in a person's words: its kind, and the number of a piece or the words of an answer.

    The kind is whatever was written where ``is_known`` is False.
    """

    kind: str
    detail: str = ""

    @classmethod
    def read(cls, written: str) -> WrittenTarget:
        """``KIND`` or ``KIND:DETAIL``."""
        kind, _, detail = written.partition(":")
        return cls(kind, detail)

    @property
    def is_known(self) -> bool:
        """Whether there are targets of the kind."""
        return self.kind in get_args(TargetKind)

    def __str__(self) -> str:
        return f"{self.kind}:{self.detail}" if self.detail else self.kind


def parse_target(model: FusionModel, written: str) -> Target:
    """``match``, ``similarity``, ``caption:PLACE`` (a piece of the text, from 0; -1 is the last) or ``answer:WORDS``.

    Raises:
        InputError: if it is none of these, or the model does not have it or does not know the answer.
    """
    target = WrittenTarget.read(written)
    kind, detail, known = target.kind, target.detail, model.abilities.kinds
    if target.is_known and kind not in known:
        raise InputError(
            "The model has no target {target}; choose one of: {known}.", target=kind, known=", ".join(known)
        )
    if kind == "answer" and isinstance(model, AnswerModel):
        if detail not in model.answers:
            raise InputError(
                "The model does not know the answer {answer}; the nearest of its {count} answers are: {near}.",
                answer=detail,
                count=len(model.answers),
                near=", ".join(get_close_matches(detail, model.answers, NEAREST, cutoff=0.0)),
            )
        return Target("answer", model.answers.index(detail))
    if kind == "caption":
        if not re.fullmatch(r"-1|\d{1,6}", detail, re.ASCII):
            raise InputError("The target caption needs the number of a token, as in caption:3.")
        return Target("caption", int(detail))
    if kind not in ("match", "similarity") or detail:
        raise InputError(
            "There is no target {target}; use match, similarity, caption:PLACE or answer:WORDS.", target=written
        )
    return Target("match" if kind == "match" else "similarity")
