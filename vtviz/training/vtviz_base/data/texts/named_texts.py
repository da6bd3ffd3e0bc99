"""Sentences that name things, in both languages, with the characters that name each."""

from __future__ import annotations

import random
from collections.abc import Sequence

Span = tuple[int, int]

TEMPLATES = (
    *("a photo of {}", "{}", "a picture of {}", "this is {}", "there is {}", "{} in a photo", "a close up of {}"),
    *("the photo shows {}", "here you can see {}", "we see {} in this picture", "{} can be seen here"),
    *("someone took a picture of {}", "in the picture there is {}", "this photo was taken of {}", "it is {}"),
    *("a nice photo of {}", "{} is in front of the camera", "{} is shown in the photo", "you can see {}"),
)
JOINERS = (" and ", ", ", " next to ", " with ", " beside ")
CHINESE_TEMPLATES = (
    *("一张有{}的照片", "{}", "{}的照片", "这是{}", "有{}", "照片里有{}", "图片中有{}", "一张{}的特写", "可以看到{}"),
    *("这张照片拍的是{}", "画面里有{}", "这里有{}", "我看到{}"),
)
CHINESE_JOINERS = ("和", "、", "与", "，还有")
CLASSIFIERS = ("", "", "", "一个", "一只", "一些")


def short_text(names: Sequence[str], rng: random.Random) -> tuple[str, list[Span]]:
    """An English text that only names things, and the characters of each name with its article."""
    before, after = rng.choice(TEMPLATES).split("{}")
    text, spans = before, []
    for number, name in enumerate(names):
        text += rng.choice(JOINERS) if number else ""
        article = rng.choice(["an" if name[0].lower() in "aeiou" else "a", "the", ""])
        start, text = len(text), text + f"{article} {name}".strip()
        spans.append((start, len(text)))
    return text + after + rng.choice(["", ".", " ."]), spans


def chinese_text(names: Sequence[str], rng: random.Random) -> tuple[str, list[Span]]:
    """A Chinese text that only names things, and the characters of each name."""
    before, after = rng.choice(CHINESE_TEMPLATES).split("{}")
    text, spans = before, []
    for number, name in enumerate(names):
        text += rng.choice(CHINESE_JOINERS) if number else ""
        text += "" if name.startswith("一") else rng.choice(CLASSIFIERS)
        start, text = len(text), text + name
        spans.append((start, len(text)))
    return text + after + rng.choice(["", "。"]), spans


def chinese_words(names: Sequence[str]) -> list[str]:
    """All words that the Chinese texts are made of, for the pieces."""
    fixed = (
        "照片",
        "图片",
        "画面",
        "特写",
        "一张",
        "可以",
        "看到",
        "这是",
        "这里",
        "这张",
        "里有",
        "中有",
        "还有",
        "一个",
        "一只",
        "一些",
    )
    return [*fixed, *names]
