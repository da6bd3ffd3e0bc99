"""The sentences of the interface in every language, for the app and the files that it writes."""

from __future__ import annotations

import json
from functools import cache
from string import Formatter

from vtviz.paths import ASSETS

LANGUAGES = {"en": "English", "zh": "中文"}
NESTED = 3  # sentences inside sentences


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of a language by key; each part of the interface has its own file, in a folder per layer."""
    parts = sorted((ASSETS / "lang" / language).rglob("*.json"))
    return {key: text for part in parts for key, text in json.loads(part.read_text(encoding="utf-8")).items()}


@cache
def error_sentences(language: str) -> dict[str, str]:
    """The translation of every ``UserError``, by its English sentence."""
    file = ASSETS / "lang" / f"errors.{language}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def translated(sentence: str, language: str, nested: int = NESTED) -> str:
    """The English sentence of a ``UserError`` that was stored, values filled in, in a language; unchanged if no
    translation is known. Time grows with the sentence's length and no faster, whatever the values are.

    Values that are sentences themselves, such as a reason from the operating system, are translated too, ``nested``
    times at most.
    """
    if sentence in error_sentences(language):
        return error_sentences(language)[sentence]
    for template, literals, names in _templates(language):
        values = _values(sentence, literals, names)
        if values is not None:
            if nested:
                values = {name: translated(value, language, nested - 1) for name, value in values.items()}
            return error_sentences(language)[template].format(**values)
    return sentence


def _values(sentence: str, literals: tuple[str, ...], names: tuple[str, ...]) -> dict[str, str] | None:
    """The values between the literals of a template; None where the sentence is not made of it. Each literal is taken
    where it stands first, so nothing is ever tried twice."""
    first, *middle, last = literals
    end = len(sentence) - len(last)
    if not sentence.startswith(first) or not sentence.endswith(last):
        return None
    values: dict[str, str] = {}
    at = len(first)
    for name, literal in zip(names, [*middle, None], strict=True):
        stop = end if literal is None else sentence.find(literal, at + 1, end)
        if stop <= at or values.setdefault(name, sentence[at:stop]) != sentence[at:stop]:
            return None
        at = stop + len(literal or "")
    return values


@cache
def _templates(language: str) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """The sentences that have values, each with the literals around them and their names, the most specific first."""
    result = []
    for template in error_sentences(language):
        literals, names = [""], list[str]()
        for literal, name, _, _ in Formatter().parse(template):
            literals[-1] += literal
            if name is not None:
                names.append(name)
                literals.append("")
        if names and "".join(literals):
            result.append((sum(map(len, literals)), template, tuple(literals), tuple(names)))
    return [(template, literals, names) for _, template, literals, names in sorted(result, key=lambda item: -item[0])]
