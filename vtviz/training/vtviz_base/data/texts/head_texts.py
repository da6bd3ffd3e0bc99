"""Sentences and questions for the heads that no caption gives: about named things, and in Chinese."""

from __future__ import annotations

import random
from collections.abc import Sequence

from vtviz.chinese import Language
from vtviz.evaluation.question_words import related, singular
from vtviz.evaluation.questions import Question
from vtviz.training.vtviz_base.data.texts.lexicon import Lexicon

SURE = 0.35  # strength of a translation from which it stands for the word
NAMED: dict[Language, tuple[str, ...]] = {
    "en": ("a photo of {} .", "{} in a photo .", "a close up of {} .", "there is {} .", "{} is in the picture ."),
    "zh": ("一张{}的照片。", "照片里有{}。", "{}的特写。", "有{}。", "画面里有{}。"),
}
ASKED = {
    "presence": ("有{}吗？", "照片里有{}吗？", "你看到{}了吗？", "图片中有没有{}？"),
    "count": ("有几个{}？", "有多少{}？", "照片里有多少{}？"),
    "colour": ("{}是什么颜色？", "{}是什么颜色的？"),
    "action": ("{}在做什么？", "{}在干什么？"),
    "place": ("{}在哪里？", "{}在什么地方？"),
}


def named_sentences(
    names: Sequence[str], language: Language, count: int, english: Sequence[str], rng: random.Random
) -> list[tuple[str, tuple[int, int]]]:
    """Sentences that name a thing, with the characters of the name; in English where it has no name in the language."""
    if not names:
        names, language = english, "en"
    sentences = []
    for _ in range(count):
        name = rng.choice(names)
        if language == "en":
            name = f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
        before, after = rng.choice(NAMED[language]).split("{}")
        sentences.append((before + name + after, (len(before), len(before) + len(name))))
    return sentences


def presence_questions(names: Sequence[str], nouns: Sequence[str], count: int, rng: random.Random) -> list[Question]:
    """Whether a named thing is there, which it is, and whether other things are, which are not."""
    questions: list[Question] = []
    own = {word for name in names for word in (name, name.split()[-1])}
    while len(questions) < count:
        if rng.random() < 0.5:
            name = rng.choice(names)
            questions.append(Question("presence", _some(name), frozenset({"yes"})))
        else:
            noun = rng.choice(nouns) if nouns else "person"
            if not related(noun) & own:
                questions.append(Question("presence", _some(noun), frozenset({"no"})))
    return questions


def chinese_question(question: Question, lexicon: Lexicon, rng: random.Random) -> tuple[str, str] | None:
    """A question in Chinese with the word for its thing, or None where that is not known."""
    word = lexicon.best_chinese(singular(question.thing.split()[-1]), SURE)
    return None if word is None else (rng.choice(ASKED[question.kind]).format(word), word)


def _some(name: str) -> str:
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
