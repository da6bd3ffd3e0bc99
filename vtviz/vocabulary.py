"""Words that the app knows: everyday nouns, and words that only join others."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from vtviz.paths import ASSETS


@cache
def everyday_nouns() -> dict[str, str]:
    """Some 300 things that photos show, with their names in Chinese."""
    return dict(_read("nouns.json"))


@cache
def kinds() -> dict[str, list[str]]:
    """Some 90 of them that nobody takes for one another, by the kind of thing ("animals", …)."""
    return dict(_read("kinds.json"))


def with_article(noun: str) -> str:
    """An everyday noun as a phrase: "an eagle", but "snow"."""
    if noun in _uncounted():
        return noun
    return f"{'an' if noun[0] in 'aeio' or noun == 'umbrella' else 'a'} {noun}"


@cache
def _uncounted() -> frozenset[str]:
    return frozenset(_read("uncounted.json"))


@cache
def nouns() -> frozenset[str]:
    """The same, and their English plurals, in lower case."""
    names = everyday_nouns()
    return frozenset([*names, *(plural for name in names for plural in (f"{name}s", f"{name}es")), *names.values()])


@cache
def function_words() -> frozenset[str]:
    """Articles, prepositions, auxiliaries and the like, in lower case: words that name nothing in a photo."""
    return frozenset(_read("function_words.json"))


@cache
def empty_words() -> frozenset[str]:
    """These, and greetings, talk of photos and the like: a text of nothing else names nothing that a photo shows."""
    return function_words() | frozenset(_read("small_talk.json"))


def _read(file: str) -> Any:
    return json.loads((ASSETS / "words" / file).read_text(encoding="utf-8"))
