"""The Chinese sentences of the training photos, and what carries the English captions' phrases over to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vtviz.chinese import RUN
from vtviz.evaluation.question_words import singular
from vtviz.evaluation.split import Row, read_rows
from vtviz.inputs import Word, split_words
from vtviz.training.vtviz_base.data.texts.lexicon import Lexicon, learn_lexicon, load_lexicon, save_lexicon
from vtviz.watch import Watch

FREQUENT_WORD, FREQUENT_CHARACTER = 8, 4  # occurrences from which a word or a character becomes a piece
BRIDGES = {"的", "着", "色", "只", "个"}  # may stand between the words of a phrase without ending it
EMPTY = BRIDGES | {
    "在",
    "了",
    "和",
    "一",
    "一个",
    "一只",
    "一条",
    "一些",
    "他",
    "她",
    "它",
    "他的",
    "她的",
    "他们",
    "上",
    "里",
}

Span = tuple[int, int]


@dataclass(frozen=True)
class ChinesePhrase:
    """Characters ``spans`` of a translated caption that say what characters ``english`` of the caption do."""

    number: int  # of the phrase among those of the photo
    spans: tuple[Span, ...]
    english: Span


def join_chinese(rows: Sequence[Row], folder: Path, split: str) -> list[Row]:
    """The Chinese sentences of each photo of a split, in the photos' order; photos without any have empty lists."""
    by_image = {row["image"]: row for row in read_rows(folder / f"{split}.jsonl")}
    empty: Row = {"written": [], "translated": []}
    return [by_image.get(row["image"], empty) for row in rows]


def learn(rows: Sequence[Row], chinese: Sequence[Row], cache: Path, watch: Watch) -> Lexicon:
    """The lexicon of the captions and their translations, computed once."""
    path = cache / "lexicon.json"
    if not path.exists():
        watch.enter("words and their translations")
        watch.check()
        save_lexicon(learn_lexicon(list(_pairs(rows, chinese))), path)
    return load_lexicon(path)


def _pairs(rows: Sequence[Row], chinese: Sequence[Row]) -> Iterator[tuple[list[str], list[str]]]:
    for row, own in zip(rows, chinese, strict=True):
        for caption, translation in zip(row["captions"], own["translated"], strict=False):
            if translation:
                yield [w.text.lower() for w in split_words(caption)], [w.text for w in split_words(translation)]


def carried_phrases(row: Row, index: int, translation: str, lexicon: Lexicon) -> list[ChinesePhrase]:
    """Where a translation of caption ``index`` says what the caption's boxed phrases say."""
    english, chinese = split_words(row["captions"][index]), split_words(translation)
    links = lexicon.links(english, chinese)
    phrases = []
    for number, phrase in enumerate(row["phrases"]):
        if phrase["caption"] == index:
            inside = {i for i, word in enumerate(english) if word.start < phrase["end"] and word.end > phrase["start"]}
            linked = sorted({j for i, j in links if i in inside and RUN.match(chinese[j].text)})
            spans = tuple(_spans(chinese, linked)) if {chinese[j].text for j in linked} - EMPTY else ()
            if spans:
                phrases.append(ChinesePhrase(number, spans, (phrase["start"], phrase["end"])))
    return phrases


def _spans(words: Sequence[Word], chosen: Sequence[int]) -> Iterator[Span]:
    """The characters of the chosen words, joined over what may stand between them."""
    start = last = chosen[0]
    for index in chosen[1:]:
        if all(words[between].text in BRIDGES for between in range(last + 1, index)):
            last = index
        else:
            yield from _span(words, start, last)
            start = last = index
    yield from _span(words, start, last)


def _span(words: Sequence[Word], first: int, last: int) -> Iterator[Span]:
    """The characters from one word to another, unless they say nothing."""
    if {words[index].text for index in range(first, last + 1)} - EMPTY:
        yield words[first].start, words[last].end


def noun_spans(text: str, nouns: Sequence[str], lexicon: Lexicon, least: float = 0.25) -> list[tuple[str, Span]]:
    """Words of a Chinese sentence that translate one of the English ``nouns`` (in the singular), with the noun."""
    found = []
    for word in split_words(text):
        likely = lexicon.english_of.get(word.text, {})
        for noun in nouns:
            if max((value for other, value in likely.items() if singular(other) == noun), default=0.0) >= least:
                found.append((noun, (word.start, word.end)))
                break
    return found


def new_pieces(texts: Sequence[str], more: Sequence[str] = ()) -> list[str]:
    """The Chinese words and characters that become pieces: those that the texts hold often enough, and all of ``more``
    with their characters."""
    words, characters = Counter[str](), Counter[str]()
    for text in texts:
        words.update(word.text for word in split_words(text) if RUN.fullmatch(word.text))
        characters.update(character for run in RUN.findall(text) for character in run)
    pieces = {word for word, count in words.items() if count >= FREQUENT_WORD}
    pieces |= {character for character, count in characters.items() if count >= FREQUENT_CHARACTER}
    pieces |= {word for word in more} | {character for word in more for character in word}
    return sorted(pieces)
