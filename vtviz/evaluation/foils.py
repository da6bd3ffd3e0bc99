"""Sentences that differ from a true one in one thing: a colour, a number, a noun or an action."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from vtviz.chinese import language_of
from vtviz.evaluation.question_words import ACTIONS, COLOURS, NUMBERS, related, singular
from vtviz.inputs import split_words

SEEN_ACTIONS = (
    *("running", "jumping", "sitting", "swimming", "sleeping", "climbing", "riding", "eating", "dancing", "surfing"),
    *("skiing", "fighting", "reading", "fishing", "walking", "digging", "kissing", "crawling", "diving", "drinking"),
)
ALIKE = {
    "running": {"walking", "jumping", "riding"},
    "walking": {"running", "climbing"},
    "jumping": {"running", "diving"},
}
ALIKE_COLOURS: tuple[set[str], ...] = (
    {"brown", "tan", "golden", "blond", "orange", "yellow"},
    {"grey", "white"},
    {"grey", "black"},
    {"red", "pink"},
    {"pink", "purple"},
    {"red", "orange"},
)
CHINESE_COLOURS = {
    **{"红": "red", "蓝": "blue", "绿": "green", "黄": "yellow", "黑": "black", "白": "white", "棕": "brown"},
    **{"橙": "orange", "粉": "pink", "紫": "purple", "灰": "grey"},
}
CHINESE_NUMBERS = {"两": "two", "二": "two", "三": "three", "四": "four", "五": "five", "六": "six"}
CLASSIFIERS = "只个条名位匹辆头人"
CHINESE_ACTIONS = {
    **{"奔跑": "running", "跑步": "running", "跑": "running", "跳": "jumping", "跳跃": "jumping", "游泳": "swimming"},
    **{"睡觉": "sleeping", "坐在": "sitting", "坐": "sitting", "骑": "riding", "吃": "eating", "跳舞": "dancing"},
    **{"冲浪": "surfing", "滑雪": "skiing", "打架": "fighting", "钓鱼": "fishing", "走": "walking", "爬": "climbing"},
}
FORMS = {"man": "men", "woman": "women", "child": "children", "person": "people"}


@dataclass(frozen=True)
class Foil:
    """A sentence in which ``was`` became ``now``; ``kind`` is colour, number, noun or action."""

    text: str
    kind: str
    was: str
    now: str


@dataclass(frozen=True)
class Foils:
    """Makes foils.

    Args:
        nouns: nouns in the singular to choose from, of each kind of thing ("animals", …).
        chinese_of: the Chinese word for a noun.
        noun_of: the noun that a Chinese word says.
    """

    nouns: Mapping[str, Sequence[str]]
    chinese_of: Mapping[str, str] = field(default_factory=dict)
    noun_of: Mapping[str, str] = field(default_factory=dict)

    def all_of(self, text: str, said: Collection[str], rng: random.Random) -> list[Foil]:
        """One foil for each word of a text that can be exchanged, none of them about what is ``said`` of the photo.

        ``said`` holds words in the singular.
        """
        exchange = self._chinese if language_of(text) == "zh" else self._english
        foils = []
        for word in split_words(text):
            result = exchange(word.text, said, rng)
            if result is not None:
                kind, now = result
                changed = _with_article(text[: word.start], now) + now + text[word.end :]
                foils.append(Foil(changed, kind, word.text, now))
        return foils

    def one_of(self, text: str, said: Collection[str], rng: random.Random) -> Foil | None:
        """One of a text's foils, or None where no word of it can be exchanged."""
        foils = self.all_of(text, said, rng)
        return rng.choice(foils) if foils else None

    def _english(self, word: str, said: Collection[str], rng: random.Random) -> tuple[str, str] | None:
        lower = word.lower()
        if lower in COLOURS:
            return _chosen("colour", _unlike(COLOURS[lower], sorted(set(COLOURS.values()))), said, rng, _colour_said)
        if lower in NUMBERS:
            return _chosen("number", [number for number in NUMBERS if number != lower], said, rng, _is_said)
        if lower in ACTIONS and lower.endswith("ing"):
            return self._action(lower, said, rng)
        noun = singular(lower)
        other = self._other_noun(noun, said, rng)
        if other is None:
            return None
        return "noun", other if noun == lower else FORMS.get(other, _plural(other))

    def _action(self, action: str, said: Collection[str], rng: random.Random) -> tuple[str, str] | None:
        if action not in SEEN_ACTIONS:
            return None
        others = [other for other in SEEN_ACTIONS if other != action and other not in ALIKE.get(action, ())]
        return _chosen("action", others, said, rng, _action_said)

    def _chinese(self, word: str, said: Collection[str], rng: random.Random) -> tuple[str, str] | None:
        word = word.replace("粉红", "粉")
        if word[0] in CHINESE_COLOURS and (len(word) == 1 or word[1:] == "色"):
            others = _unlike(CHINESE_COLOURS[word[0]], list(CHINESE_COLOURS.values()))
            result = _chosen("colour", others, said, rng, _colour_said)
            signs = {name: sign for sign, name in CHINESE_COLOURS.items()}
            return result and ("colour", signs[result[1]] + (word[1:] or ""))
        if word[0] in CHINESE_NUMBERS and len(word) <= 2 and (len(word) == 1 or word[1] in CLASSIFIERS):
            others = [
                name for sign, name in CHINESE_NUMBERS.items() if sign != "二" and name != CHINESE_NUMBERS[word[0]]
            ]
            result = _chosen("number", others, said, rng, _is_said)
            signs = {name: sign for sign, name in CHINESE_NUMBERS.items() if sign != "二"}
            return result and ("number", signs[result[1]] + word[1:])
        if word in CHINESE_ACTIONS:
            action = CHINESE_ACTIONS[word]
            same_length = [w for w, a in CHINESE_ACTIONS.items() if len(w) == len(word) and a != action]
            allowed = [w for w in same_length if CHINESE_ACTIONS[w] not in ALIKE.get(action, ())]
            free = [w for w in allowed if not _action_said(CHINESE_ACTIONS[w], said)]
            return ("action", rng.choice(free)) if free else None
        noun = self.noun_of.get(word)
        other = noun and self._other_noun(noun, said, rng, lambda name: name in self.chinese_of)
        return ("noun", self.chinese_of[other]) if other else None

    def _other_noun(
        self,
        noun: str,
        said: Collection[str],
        rng: random.Random,
        is_allowed: Callable[[str], bool] = lambda name: True,
    ) -> str | None:
        """Another noun, mostly of the same kind, for a thing that is not said to be there."""
        own = [kind for kind, nouns in self.nouns.items() if noun in nouns]
        if not own:
            return None
        kinds = sorted(self.nouns)
        for _ in range(12):
            kind = own[0] if rng.random() < 0.7 else rng.choice(kinds)
            other = rng.choice(self.nouns[kind])
            if other != noun and is_allowed(other) and not related(other) & set(said):
                return other
        return None


def _unlike(colour: str, colours: Sequence[str]) -> list[str]:
    """The colours that nobody takes for this one."""
    alike = {colour}.union(*(group for group in ALIKE_COLOURS if colour in group))
    return [other for other in colours if other not in alike]


def _chosen(
    kind: str,
    others: Sequence[str],
    said: Collection[str],
    rng: random.Random,
    is_said: Callable[[str, Collection[str]], bool],
) -> tuple[str, str] | None:
    free = [other for other in others if not is_said(other, said)]
    return (kind, rng.choice(free)) if free else None


def _is_said(word: str, said: Collection[str]) -> bool:
    return word in said


def _colour_said(colour: str, said: Collection[str]) -> bool:
    return any(COLOURS.get(word) == colour for word in said)


def _action_said(action: str, said: Collection[str]) -> bool:
    return any(ACTIONS.get(word) == action for word in said)


def _plural(noun: str) -> str:
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if re.search(r"(s|x|ch|sh)$", noun) else "s")


def _with_article(before: str, word: str) -> str:
    """What stands before a word, with the article that fits it."""
    match = re.search(r"\b([Aa])n?( +)$", before)
    if match is None:
        return before
    return before[: match.start()] + match[1] + ("n" if word[0] in "aeiou" else "") + match[2]
