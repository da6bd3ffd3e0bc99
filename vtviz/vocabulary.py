"""Words that the app knows: everyday nouns, and words that only join others."""

from __future__ import annotations

import json
from functools import cache

from vtviz.paths import ASSETS


@cache
def everyday_nouns() -> dict[str, str]:
    """Some 300 things that photos show, with their names in Chinese."""
    return dict(_read("nouns.json"))


@cache
def nouns() -> frozenset[str]:
    """The same, and their English plurals, in lower case."""
    names = everyday_nouns()
    return frozenset([*names, *(plural for name in names for plural in (f"{name}s", f"{name}es")), *names.values()])


@cache
def function_words() -> frozenset[str]:
    """Articles, prepositions, auxiliaries and the like, in lower case: words that name nothing in a photo."""
    return frozenset(_read("function_words.json"))


def _read(file: str) -> list:
    return json.loads((ASSETS / "words" / file).read_text(encoding="utf-8"))
