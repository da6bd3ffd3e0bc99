"""Targets as a person writes them."""

from __future__ import annotations

import re
from typing import get_args

from vtviz.inputs import InputError
from vtviz.models.base import AnswerModel, FusionModel, Target, TargetKind


def parse_target(model: FusionModel, written: str) -> Target:
    """``match``, ``similarity``, ``caption:PLACE`` (a piece of the text, from 0; -1 is the last) or ``answer:WORDS``.

    Raises:
        InputError: if it is none of these, or the model does not have it or does not know the answer.
    """
    kind, _, rest = written.partition(":")
    known = model.abilities.kinds
    if kind in get_args(TargetKind) and kind not in known:
        raise InputError(
            "The model does not support the target {target}; choose one of: {known}.",
            target=kind,
            known=", ".join(known),
        )
    if kind == "answer" and isinstance(model, AnswerModel):
        if rest not in model.answers:
            raise InputError(
                "The model does not know the answer {answer}; choose one of: {known}.",
                answer=rest,
                known=", ".join(model.answers),
            )
        return Target("answer", model.answers.index(rest))
    if kind == "caption":
        if not re.fullmatch(r"-1|\d{1,6}", rest, re.ASCII):
            raise InputError("The target caption needs a token number, for example caption:3.")
        return Target("caption", int(rest))
    if kind not in ("match", "similarity") or rest:
        raise InputError(
            "There is no target {target}; use match, similarity, caption:PLACE or answer:WORDS.", target=written
        )
    return Target("match" if kind == "match" else "similarity")
