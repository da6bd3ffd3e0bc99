"""Changing one word of a text: what else could stand there, and the text with it."""

from __future__ import annotations

import json
import re
from functools import cache

from vtviz.inputs import split_words
from vtviz.paths import ASSETS


@cache
def _groups() -> dict[str, list[str]]:
    """Words by kind; each is offered in exchange for the others of its group."""
    return json.loads((ASSETS / "words" / "exchanges.json").read_text(encoding="utf-8"))


def alternatives(word: str) -> list[str]:
    """Other words of the same kind; none where the word is in no group."""
    for group in _groups().values():
        if word.lower() in group:
            return [other for other in group if other != word.lower()]
    return []


def change_word(text: str, index: int, new: str) -> str:
    """The text with another word, or words, in place of one; an empty one leaves it out."""
    word = split_words(text)[index]
    if word.text[:1].isupper():
        new = new[:1].upper() + new[1:]
    changed = text[: word.start] + new.strip() + text[word.end :]
    return re.sub(r" {2,}", " ", changed).strip() if not new.strip() else changed


def change_some_word(text: str) -> str:
    """The text with one word exchanged, of the first kind that it has a word of; unchanged where it has none."""
    words = [word.text.lower() for word in split_words(text)]
    for group in _groups().values():
        for index, word in enumerate(words):
            if word in group:
                return change_word(text, index, alternatives(word)[0])
    return text
