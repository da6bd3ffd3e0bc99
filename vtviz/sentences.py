"""The sentences of the interface, in each language, for the app and for files that it writes."""

from __future__ import annotations

import json
import re
from functools import cache
from string import Formatter

from vtviz.paths import ASSETS

LANGUAGES = {"en": "English", "zh": "中文"}


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of a language by key; each part of the interface has its own file, in a folder per layer."""
    parts = sorted((ASSETS / "lang" / language).rglob("*.json"))
    return {key: text for part in parts for key, text in json.loads(part.read_text(encoding="utf-8")).items()}


@cache
def error_sentences(language: str) -> dict[str, str]:
    """What a language says for the English sentence of a ``UserError``."""
    file = ASSETS / "lang" / f"errors.{language}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def translated(sentence: str, language: str) -> str:
    """The English sentence of a ``UserError``, with its values in it, in a language; as it is where none is known.

    Values that are sentences of their own, such as the reason of a system, are translated too.
    """
    for template, pattern in _patterns(language):
        result = pattern.fullmatch(sentence)
        if result:
            values = {name: translated(value, language) for name, value in result.groupdict().items()}
            return error_sentences(language)[template].format(**values)
    return sentence


@cache
def _patterns(language: str) -> list[tuple[str, re.Pattern[str]]]:
    """What sentences with values look like, those with the most words of their own first."""
    result = []
    for template in error_sentences(language):
        parts, seen, own = [], set[str](), 0
        for literal, name, _, _ in Formatter().parse(template):
            parts.append(re.escape(literal))
            own += len(literal)
            if name is not None:
                parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
                seen.add(name)
        if own:
            result.append((own, template, re.compile("".join(parts), re.DOTALL)))
    return [(template, pattern) for _, template, pattern in sorted(result, key=lambda item: -item[0])]
