"""What people answered, without a name or a time, and what it comes to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from vtviz.audit.people.questions import Question
from vtviz.audit.report.statistics import wilson
from vtviz.files import JSON_BYTES, make_folder, read_bytes, write_atomically

FOLDER = "people"
Rate = dict[str, Any]


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer: the row, the ``method`` of the map ("" without one), whether the model was right, and whether the
    person said so."""

    row: int
    method: str
    right: bool
    said_right: bool


def answer_to(question: Question, said_right: bool) -> Answer:
    return Answer(question.row, question.method, question.right, said_right)


def save_session(folder: Path, answers: Sequence[Answer]) -> None:
    """Keeps what one person answered in the folder of an audit, under a random name. Raises InputError where the
    folder cannot be made."""
    make_folder(folder / FOLDER)
    write_atomically(folder / FOLDER / f"{uuid4().hex}.json", msgspec.json.encode(list(answers)))


def sessions(folder: Path) -> list[list[Answer]]:
    """The answers of each person; a file that is damaged is left out."""
    result = []
    for file in sorted((folder / FOLDER).glob("*.json")):
        try:
            result.append(msgspec.json.decode(read_bytes(file, JSON_BYTES), type=list[Answer]))
        except (OSError, ValueError, msgspec.MsgspecError):
            continue
    return [answers for answers in result if answers]


def people_results(folder: Path) -> dict[str, Any] | None:
    """How many ``people`` gave how many ``answers``, how often they guessed rightly ``with_map`` and ``without_map``
    and by method, the ``difference`` of the two, and ``trusted``: how often they took a wrong answer of the model for
    right. None where nobody took part.

    Rates have 95 % intervals over answers (Wilson, 1927); that of the difference is Newcombe's (Statistics in Medicine
    1998, method 10). They hold for these people: answers of one person are not independent.
    """
    people = sessions(folder)
    answers = [answer for person in people for answer in person]
    if not answers:
        return None
    with_map, without = ([a for a in answers if bool(a.method) == shown] for shown in (True, False))
    methods = sorted({answer.method for answer in with_map})
    rates = [_guessed(with_map), _guessed(without)]
    return {
        "people": len(people),
        "answers": len(answers),
        "with_map": rates[0],
        "without_map": rates[1],
        "difference": _difference(*rates),
        "trusted": {"with_map": _trusted(with_map), "without_map": _trusted(without)},
        "methods": {name: _guessed([a for a in with_map if a.method == name]) for name in methods},
    }


def _guessed(answers: Sequence[Answer]) -> Rate | None:
    return _rate(answer.said_right == answer.right for answer in answers)


def _trusted(answers: Sequence[Answer]) -> Rate | None:
    return _rate(answer.said_right for answer in answers if not answer.right)


def _rate(hits: Iterable[bool]) -> Rate | None:
    found = list(hits)
    if not found:
        return None
    low, high = wilson(sum(found), len(found))
    return {"mean": sum(found) / len(found), "low": low, "high": high, "n": len(found)}


def _difference(one: Rate | None, other: Rate | None) -> Rate | None:
    """The difference of two independent rates."""
    if one is None or other is None:
        return None
    gap = one["mean"] - other["mean"]
    low = gap - math.hypot(one["mean"] - one["low"], other["high"] - other["mean"])
    high = gap + math.hypot(one["high"] - one["mean"], other["mean"] - other["low"])
    return {"mean": gap, "low": low, "high": high, "n": one["n"] + other["n"]}
