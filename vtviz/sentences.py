"""The sentences of the interface, in each language, for the app and for files that it writes."""

from __future__ import annotations

import json
from functools import cache

from vtviz.paths import ASSETS

LANGUAGES = {"en": "English", "zh": "中文"}


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of a language by key; each part of the interface has a file of its own."""
    parts = sorted((ASSETS / "lang" / language).glob("*.json"))
    return {key: text for part in parts for key, text in json.loads(part.read_text(encoding="utf-8")).items()}


@cache
def error_sentences(language: str) -> dict[str, str]:
    """What a language says for the English sentence of a ``UserError``."""
    file = ASSETS / "lang" / f"errors.{language}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
