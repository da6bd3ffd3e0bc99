"""Chinese text: where its words begin and end, and whether a text is Chinese at all."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import regex

Language = Literal["en", "zh"]
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
RUN = regex.compile(rf"[{HAN}]+")
LATIN_WORD = regex.compile(r"\p{Latin}+")


@cache
def _segmenter() -> Any:
    """jieba's dictionary, which takes a tenth of a second to read."""
    from rjieba import Jieba

    return Jieba()


def segment(run: str) -> list[str]:
    """The words of Chinese characters without anything between them; only words of the dictionary, so that equal text
    has equal words wherever it stands."""
    return list(_segmenter().cut(run, False)) if len(run) > 1 else [run] if run else []


def language_of(text: str) -> Language:
    """The language that a text is mostly in: Chinese where it has at least as many Chinese characters as words in Latin
    letters."""
    characters = sum(len(run) for run in RUN.findall(text))
    return "zh" if characters and characters >= len(LATIN_WORD.findall(text)) else "en"
