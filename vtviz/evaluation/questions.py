"""Questions and answers derived from captions and boxed phrases.

Five kinds: presence ("Is there a dog?"), count, colour, action and place. An answer counts as right where any of the
photo's five captions gives it. What no caption mentions is taken to be absent only where no related word is mentioned.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from vtviz.evaluation.question_words import (
    ACTIONS,
    COLOURS,
    MASS_NOUNS,
    NUMBERS,
    PLACES,
    PREPOSITIONS,
    UNSAID,
    related,
    singular,
)
from vtviz.evaluation.split import Row
from vtviz.metrics.localisation import Box

KINDS = ("presence", "count", "colour", "action", "place")
FREQUENT = 0.004  # share of the photos that mention a noun, for it to be asked about where it is absent
SINGLE_KEPT = 0.2  # share of the questions kept whose answer is "one", or they would be most of them
PHRASINGS = {
    "presence": ("Is there {thing}?", "Is there {thing} in the photo?", "Can you see {thing}?", "Do you see {thing}?"),
    "count": ("How many {thing} are there?", "How many {thing} can you see?", "How many {thing} are in the photo?"),
    "colour": ("What colour is the {thing}?", "What color is the {thing}?", "Which colour is the {thing}?"),
    "action": ("What is the {thing} doing?", "What does the {thing} do?"),
    "place": ("Where is the {thing}?", "Where is the {thing} in this photo?"),
}


@dataclass(frozen=True)
class Question:
    """A question of one of the ``KINDS`` about a thing, the answers that count as right, and where the thing is."""

    kind: str
    thing: str
    answers: frozenset[str]
    boxes: tuple[Box, ...] = ()

    def text(self, phrasing: int = 0) -> str:
        """The question in one of its phrasings."""
        forms = PHRASINGS[self.kind]
        text = forms[phrasing % len(forms)].format(thing=self.thing)
        plural = singular(self.thing.split()[-1]) != self.thing.split()[-1] and self.kind in (
            "colour",
            "action",
            "place",
        )
        return (
            re.sub(r"\b(is|does) the", lambda m: {"is": "are", "does": "do"}[m[1]] + " the", text) if plural else text
        )


@dataclass(frozen=True)
class Phrase:
    """A noun phrase of a caption: its words, its head noun, and what stands around it."""

    words: tuple[str, ...]
    noun: str
    kind: tuple[str, ...]
    caption: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    boxes: tuple[Box, ...]

    @property
    def is_plural(self) -> bool:
        return singular(self.noun) != self.noun

    @property
    def is_actor(self) -> bool:
        return "people" in self.kind or "animals" in self.kind


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, in lower case."""
    return tuple(re.findall(r"[a-z0-9][a-z0-9'-]*", text.lower()))


def phrases_of(row: Row) -> list[Phrase]:
    """The boxed noun phrases of a photo's captions."""
    phrases = []
    for phrase in row.get("phrases", []):
        caption = row["captions"][phrase["caption"]]
        words = words_of(re.split(r" (?:of|in|with|on|at) ", phrase["text"])[0])
        if words and words[-1].isalpha():
            before, after = words_of(caption[: phrase["start"]]), words_of(caption[phrase["end"] :])
            boxes = tuple(tuple(box) for box in phrase["boxes"])
            phrases.append(Phrase(words, words[-1], tuple(phrase["kind"]), phrase["caption"], before, after, boxes))
    return phrases


def frequent_nouns(rows: Sequence[Row]) -> list[str]:
    """Nouns of things that may be absent, once for each photo whose phrases mention them, so that a random draw
    follows their frequency."""
    counts = Counter(noun for row in rows for noun in {singular(p.noun) for p in phrases_of(row) if _can_be_absent(p)})
    least = max(FREQUENT * len(rows), 2)
    return [noun for noun, count in sorted(counts.items()) if count >= least for _ in range(count)]


def derive(row: Row, nouns: Sequence[str]) -> list[Question]:
    """The questions about a photo, always the same ones. ``nouns`` come from ``frequent_nouns``."""
    rng = random.Random(row["image"])
    phrases = phrases_of(row)
    rng.shuffle(phrases)
    mentioned = {singular(word) for caption in row["captions"] for word in words_of(caption)}
    return [
        *_presence(phrases, mentioned, nouns, rng),
        *_counts(phrases, rng),
        *_colours(phrases),
        *_actions(phrases),
        *_places(phrases),
    ]


def _presence(phrases: list[Phrase], mentioned: set[str], nouns: Sequence[str], rng: random.Random) -> list[Question]:
    questions = []
    known = set(nouns)
    seen = [p for p in phrases if _can_be_absent(p) and singular(p.noun) in known]
    if seen:
        noun = singular(seen[0].noun)
        boxes = tuple(box for p in seen if singular(p.noun) == noun for box in p.boxes)
        questions.append(Question("presence", _some(noun), frozenset({"yes"}), boxes))
    for _ in range(20 if nouns else 0):
        noun = rng.choice(nouns)
        if not related(noun) & mentioned:
            questions.append(Question("presence", _some(noun), frozenset({"no"})))
            break
    return questions


def _counts(phrases: list[Phrase], rng: random.Random) -> list[Question]:
    counted = [p for p in phrases if p.words[0] in NUMBERS and p.is_plural]
    if counted:
        noun = counted[0].noun
        same = [p for p in counted if singular(p.noun) in related(singular(noun))]
        boxes = tuple(box for p in same for box in p.boxes)
        return [Question("count", noun, frozenset(p.words[0] for p in same), boxes)]
    if any(p.is_plural for p in phrases if p.is_actor):
        return []
    for phrase in phrases:
        if phrase.is_actor and phrase.words[0] in ("a", "an", "one"):
            same = [p for p in phrases if p.noun in related(phrase.noun)]
            if len({p.caption for p in same}) >= 3 and len({box for p in same for box in p.boxes}) == 1:
                kept = rng.random() < SINGLE_KEPT
                return [Question("count", _plural(phrase.noun), frozenset({"one"}), phrase.boxes)] if kept else []
    return []


def _colours(phrases: list[Phrase]) -> list[Question]:
    shown: dict[str, tuple[set[str], list[Box]]] = {}
    for phrase in phrases:
        indices = [i for i, word in enumerate(phrase.words[:-1]) if word in COLOURS]
        if not indices or phrase.noun in COLOURS or indices[-1] < len(phrase.words) - 3:
            continue
        colours = [COLOURS[phrase.words[i]] for i in indices]
        joined = len(indices) == 2 and phrase.words[indices[0] + 1 : indices[1]] == ("and",)
        if len(indices) == 1 or joined:
            answers, boxes = shown.setdefault(" ".join(phrase.words[indices[-1] + 1 :]), (set(), []))
            answers.add(" and ".join(sorted(colours)))
            boxes.extend(phrase.boxes)
    return [Question("colour", thing, frozenset(a), tuple(boxes)) for thing, (a, boxes) in list(shown.items())[:2]]


def _actions(phrases: list[Phrase]) -> list[Question]:
    done: dict[str, set[str]] = {}
    actors = [p for p in phrases if p.is_actor]
    for phrase in actors:
        following = [word for word in phrase.after[:2] if word not in ("is", "are")][:1]
        if following and following[0] in ACTIONS:
            done.setdefault(phrase.noun, set()).add(ACTIONS[following[0]])
    questions = []
    for noun in list(done)[:2]:
        answers = {action for other, actions in done.items() if other in related(noun) for action in actions}
        boxes = tuple(box for p in actors if p.noun == noun for box in p.boxes)
        questions.append(Question("action", noun, frozenset(answers), boxes))
    return questions


def _places(phrases: list[Phrase]) -> list[Question]:
    places = [p for p in phrases if singular(p.noun) in PLACES and p.before and p.before[-1] in PREPOSITIONS]
    actors = [p for p in phrases if p.is_actor]
    if not places or not actors:
        return []
    actor = min(actors, key=lambda p: (p.caption, len(p.before)))
    boxes = tuple(box for p in places for box in p.boxes)
    return [Question("place", actor.noun, frozenset(PLACES[singular(p.noun)] for p in places), boxes)]


def _can_be_absent(phrase: Phrase) -> bool:
    """Clothes and body parts, which every photo of a person shows, are left out: captions seldom mention them."""
    return not {"clothing", "bodyparts"} & set(phrase.kind) and singular(phrase.noun) not in UNSAID


@cache
def _some(noun: str) -> str:
    return f"any {noun}" if noun in MASS_NOUNS else f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _plural(noun: str) -> str:
    irregular = {"man": "men", "woman": "women", "child": "children", "person": "people"}
    if noun in irregular:
        return irregular[noun]
    return (
        noun[:-1] + "ies"
        if re.search(r"[^aeiou]y$", noun)
        else noun + ("es" if re.search(r"(s|x|ch|sh)$", noun) else "s")
    )
