"""Questions that follow a question on the same photo: what "it" stands for, and what one may ask next."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vtviz.chinese import Language, language_of
from vtviz.vocabulary import everyday_nouns, kinds

PRONOUNS: dict[Language, re.Pattern[str]] = {
    "en": re.compile(r"\b(it|he|she|they|him|her|them)\b", re.IGNORECASE),
    "zh": re.compile("它们|他们|她们|它|他|她"),
}
ABOUT: dict[Language, tuple[str, ...]] = {
    "en": ("What colour is the {thing}?", "Where is the {thing}?"),
    "zh": ("{thing}是什么颜色的？", "{thing}在哪里？"),
}
ALIVE: dict[Language, str] = {"en": "What is the {thing} doing?", "zh": "{thing}在做什么？"}
LIVING = ("animals", "people")


def thing_asked(question: str) -> str | None:
    """The last everyday thing that a question names, in its language; None where it names none."""
    if language_of(question) == "zh":
        known = [name for name in everyday_nouns().values() if name in question]
        return max(known, key=lambda name: (question.rfind(name) + len(name), len(name)), default=None)
    names = [_singular(word) for word in re.findall(r"[a-z]+", question.lower())]
    return next((name for name in reversed(names) if name is not None), None)


def in_full(question: str, earlier: Sequence[str]) -> str:
    """The question with what its pronouns stand for: the thing that the latest of the ``earlier`` questions in its
    language names, if any. Unchanged where it names a thing itself."""
    language = language_of(question)
    if thing_asked(question) is not None or not PRONOUNS[language].search(question):
        return question
    things = (thing_asked(other) for other in reversed(earlier) if language_of(other) == language)
    thing = next((thing for thing in things if thing is not None), None)
    if thing is None:
        return question
    said = thing if language == "zh" else f"the {thing}"
    return PRONOUNS[language].sub(said, question)


def follow_ups(question: str, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """Questions about the thing that a question names, without those asked already."""
    thing, language = thing_asked(question), language_of(question)
    if thing is None:
        return ()
    english = thing if language == "en" else next(name for name, said in everyday_nouns().items() if said == thing)
    living = any(english in kinds().get(kind, ()) for kind in LIVING)
    templates = (*([ALIVE[language]] if living else ()), *ABOUT[language])
    known = {_plain(other) for other in (question, *asked)}
    written = (template.format(thing=thing) for template in templates)
    return tuple(other for other in written if _plain(other) not in known)


def _singular(word: str) -> str | None:
    """The everyday noun that a word is, or is the plural of."""
    nouns = everyday_nouns()
    return next((name for name in (word, word.removesuffix("s"), word.removesuffix("es")) if name in nouns), None)


def _plain(question: str) -> str:
    return re.sub(r"[\W_]+", " ", question.lower()).strip()
