"""Texts about the training photos: captions and parts of them, and their Chinese sentences, each with its regions."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from vtviz.chinese import language_of
from vtviz.evaluation.foils import Foils
from vtviz.evaluation.question_words import COLOURS, UNSAID, singular
from vtviz.evaluation.questions import phrases_of, words_of
from vtviz.evaluation.split import Row
from vtviz.training.vtviz_base.data.regions import coverage
from vtviz.training.vtviz_base.data.texts.chinese import Span, carried_phrases, noun_spans
from vtviz.training.vtviz_base.data.texts.lexicon import Lexicon
from vtviz.training.vtviz_base.data.texts.named_texts import chinese_text, short_text
from vtviz.training.vtviz_base.data.texts.small_things import Thing, things_of
from vtviz.training.vtviz_base.data.views import View

# Shares of the texts about photos. Short ones are true of many photos, so they are kept out of the contrastive loss.
SHARES = {
    **{"caption": 0.58, "joined": 0.07, "phrase": 0.08, "thing": 0.05},
    **{"translated": 0.10, "written": 0.08, "zh thing": 0.04},
}
CHINESE = ("translated", "written", "zh thing")
FREQUENT_NOUN = 15  # photos that mention it
SURE = 0.35  # strength of a translation from which it stands for the word
FOIL_KINDS = ("people", "animals", "other", "scene", "vehicles", "instruments")  # clothes are seldom mentioned
FOIL_PEOPLE = {"man", "woman", "boy", "girl", "baby"}
NOT_FOILS = {  # may well be there unsaid, or say too little
    *("building", "wall", "fence", "corner", "landscape", "scenery", "city", "door", "window", "plant", "bush", "path"),
    *("object", "machine", "device", "equipment", "figure", "course", "display", "race", "event", "trick"),
    *("structure", "item", "material", "surface", "view", "setting", "location", "street", "wood", "leaf", "stripe"),
}
WHOLE = View()
JOINTS = (" , and ", " . ", " and ")


@dataclass(frozen=True)
class Phrase:
    """Characters ``start:end`` of a text that say what is in a ``region [patches]`` (0..1). In a translation, ``twin``
    are the characters of the English caption that say the same."""

    start: int
    end: int
    region: np.ndarray
    twin: Span | None = None


@dataclass(frozen=True)
class Text:
    """A true text about a photo. ``caption`` is the number of the caption that it is or translates, ``foil`` differs
    from the text in one thing and is not true; a text that is not ``distinct`` may be true of other photos too."""

    text: str
    phrases: list[Phrase] = field(default_factory=list)
    caption: int | None = None
    foil: str | None = None
    distinct: bool = True


def foils_of(rows: Sequence[Row], lexicon: Lexicon | None) -> Foils:
    """Foils from the nouns that many photos mention."""
    kinds: dict[str, Counter[str]] = {}
    for row in rows:
        for noun, kind in {(singular(p.noun), kind) for p in phrases_of(row) for kind in p.kind}:
            kinds.setdefault(noun, Counter())[kind] += 1
    nouns: dict[str, list[str]] = {}
    for noun, counts in sorted(kinds.items()):
        kind, count = counts.most_common(1)[0]
        is_vague = noun in UNSAID or noun in NOT_FOILS or noun in COLOURS or (kind == "people") != (noun in FOIL_PEOPLE)
        if count >= FREQUENT_NOUN and kind in FOIL_KINDS and not is_vague:
            nouns.setdefault(kind, []).append(noun)
    every = [noun for own in nouns.values() for noun in own]
    chinese = {noun: word for noun in every if lexicon and (word := lexicon.best_chinese(noun, SURE))}
    return Foils(nouns, chinese, {word: noun for noun, word in chinese.items()})


class PhotoTexts:
    """Draws texts about photos.

    Args:
        rows: the photos with captions and phrases.
        chinese: their Chinese sentences, or None for English alone.
        lexicon: the words' translations; None without Chinese.
        side: patches along one side.
    """

    def __init__(self, rows: Sequence[Row], chinese: Sequence[Row] | None, lexicon: Lexicon | None, side: int) -> None:
        self.rows, self.chinese, self.lexicon, self.side = rows, chinese, lexicon, side
        self.foils = foils_of(rows, lexicon)
        self.said = [{singular(word) for caption in row["captions"] for word in words_of(caption)} for row in rows]
        self.things = [things_of(row) for row in rows]
        self.carried = [self._carried(index) for index in range(len(rows))]
        self.shares = SHARES if chinese is not None else {k: v for k, v in SHARES.items() if k not in CHINESE}

    def draw(self, row: int, view: View, rng: random.Random, kind: str | None = None) -> Text:
        """A text about a photo as a view shows it; of a random kind unless one is asked for. A kind that a photo lacks
        gives way to a caption."""
        kind = kind or rng.choices(list(self.shares), list(self.shares.values()))[0]
        text = None
        if self.chinese is None and kind in CHINESE:
            kind = "caption"
        if kind in ("translated", "written"):
            text = self._sentence(row, kind, view, rng)
        elif kind in ("thing", "zh thing"):
            text = self._thing(row, kind == "zh thing", view, rng)
        elif kind == "phrase":
            text = self._phrase(row, view, rng)
        text = text or self._caption(row, view, rng, kind == "joined")
        foil = self.foils.one_of(text.text, self.said[row], rng)
        return Text(text.text, text.phrases, text.caption, foil.text if foil else None, text.distinct)

    def other(self, row: int, view: View, rng: random.Random, first: Text) -> Text | None:
        """A sentence about the same photo in the other language than ``first``: the translation of the same caption
        where there is one, half of the time; None where the photo has no sentence in it."""
        if self.chinese is None:
            return None
        if language_of(first.text) == "zh":
            numbers = range(len(self.rows[row]["captions"]))
            number = rng.choice(numbers) if first.caption is None else first.caption
            return Text(self.rows[row]["captions"][number], self._phrases(row, number, view, 0), number)
        if first.caption is not None and rng.random() < 0.5:
            same = self._sentence(row, "translated", view, rng, first.caption)
            if same is not None:
                return same
        return self._sentence(row, "written", view, rng) or self._sentence(row, "translated", view, rng)

    def _caption(self, row: int, view: View, rng: random.Random, joined: bool) -> Text:
        captions = self.rows[row]["captions"]
        numbers = rng.sample(range(len(captions)), min(2 if joined else 1, len(captions)))
        text, phrases = "", []
        for number in numbers:
            text = text.rstrip(" .") + rng.choice(JOINTS) if text else text
            phrases += self._phrases(row, number, view, len(text))
            text += captions[number]
        return Text(text, phrases, None if len(numbers) > 1 else numbers[0])

    def _phrases(self, row: int, number: int, view: View, shift: int) -> list[Phrase]:
        return [
            Phrase(phrase["start"] + shift, phrase["end"] + shift, self._region(phrase["boxes"], view))
            for phrase in self.rows[row]["phrases"]
            if phrase["caption"] == number
        ]

    def _phrase(self, row: int, view: View, rng: random.Random) -> Text | None:
        """A phrase of a caption alone, or the caption from its first word to the end of a phrase."""
        phrases = [p for p in self.rows[row]["phrases"] if not {"scene", "bodyparts"} >= set(p["kind"])]
        if not phrases:
            return None
        phrase = rng.choice(phrases)
        if rng.random() < 0.5:
            region = self._region(phrase["boxes"], view)
            if not region.any():
                return None
            return Text(phrase["text"], [Phrase(0, len(phrase["text"]), region)], distinct=False)
        own = [p for p in self._phrases(row, phrase["caption"], view, 0) if p.end <= phrase["end"]]
        return Text(self.rows[row]["captions"][phrase["caption"]][: phrase["end"]], own, distinct=False)

    def _thing(self, row: int, in_chinese: bool, view: View, rng: random.Random) -> Text | None:
        """A short text that names one thing or two of the photo."""
        own = self.things[row]
        return self.about(rng.sample(own, min(2 if rng.random() < 0.3 else 1, len(own))), in_chinese, rng, view)

    def about(self, things: Sequence[Thing], in_chinese: bool, rng: random.Random, view: View = WHOLE) -> Text | None:
        """A short text that names things, or None where the view shows none of them or their names are not known."""
        named = [(self._name(thing, in_chinese), self._region(thing.boxes, view)) for thing in things]
        shown = [(name, region) for name, region in named if name and region.any()]
        if not shown:
            return None
        text, spans = (chinese_text if in_chinese else short_text)([name for name, _ in shown], rng)
        return Text(
            text, [Phrase(*span, region) for span, (_, region) in zip(spans, shown, strict=True)], distinct=False
        )

    def _name(self, thing: Thing, in_chinese: bool) -> str | None:
        if not in_chinese:
            return thing.noun
        return self.lexicon.best_chinese(thing.noun, SURE) if self.lexicon else None

    def _sentence(self, row: int, kind: str, view: View, rng: random.Random, number: int | None = None) -> Text | None:
        """A Chinese sentence, a random one or that of a ``number``: a translation with the caption's phrases, or a
        written one with the things it names."""
        assert self.chinese is not None and self.lexicon is not None
        texts = self.chinese[row][kind]
        numbers = [index for index, text in enumerate(texts) if text and number in (None, index)]
        if not numbers:
            return None
        number = rng.choice(numbers)
        text = texts[number]
        if kind == "translated":
            phrases = []
            for position, spans, english in self.carried[row].get(number, []):
                region = self._region(self.rows[row]["phrases"][position]["boxes"], view)
                phrases += [Phrase(start, end, region, english) for start, end in spans]
            return Text(text, phrases, number)
        boxes = {thing.noun: thing.boxes for thing in self.things[row]}
        named = noun_spans(text, list(boxes), self.lexicon)
        return Text(text, [Phrase(*span, self._region(boxes[noun], view)) for noun, span in named])

    def _carried(self, row: int) -> dict[int, list[tuple[int, tuple[Span, ...], Span]]]:
        if self.chinese is None or self.lexicon is None:
            return {}
        return {
            number: [
                (p.number, p.spans, p.english) for p in carried_phrases(self.rows[row], number, text, self.lexicon)
            ]
            for number, text in enumerate(self.chinese[row]["translated"])
            if text
        }

    def _region(self, boxes: Sequence[tuple[float, float, float, float]], view: View) -> np.ndarray:
        return coverage([seen for box in boxes if (seen := view.box(tuple(box)))], self.side)  # type: ignore[arg-type]
