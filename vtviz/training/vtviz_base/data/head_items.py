"""Training items of the caption and answer heads: a photo with sentences and questions about it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor

from vtviz.chinese import Language, language_of
from vtviz.evaluation.questions import KINDS, Question, derive, frequent_nouns
from vtviz.evaluation.split import Row, read_rows
from vtviz.models.vtviz_base.captions import CHINESE_START, END, START, UNKNOWN
from vtviz.models.vtviz_base.heads import CAPTION_PIECES
from vtviz.training.vtviz_base.data.items import covering, padded
from vtviz.training.vtviz_base.data.named import NamedThings
from vtviz.training.vtviz_base.data.regions import coverage
from vtviz.training.vtviz_base.data.texts.chinese import noun_spans
from vtviz.training.vtviz_base.data.texts.head_texts import chinese_question, named_sentences, presence_questions
from vtviz.training.vtviz_base.data.texts.lexicon import Lexicon
from vtviz.training.vtviz_base.data.texts.photo_texts import Phrase
from vtviz.training.vtviz_base.data.texts.small_things import things_of
from vtviz.training.vtviz_base.data.views import View

SENTENCES: dict[Language, int] = {"en": 5, "zh": 2}  # per photo and step
QUESTIONS = 5  # per photo and step
CHINESE_QUESTIONS = 0.25  # share of the questions that can be put in Chinese
FREQUENT_PIECE, FREQUENT_ANSWER = 5, 20  # occurrences in training

Sentence = tuple[str, list[Phrase]]


@dataclass(frozen=True)
class Pointers:
    """Phrases of texts: phrase k of text ``owner[k]`` covers the pieces ``pieces[k] [T]`` and the patches
    ``regions[k] [patches]``."""

    owner: Tensor
    pieces: Tensor
    regions: Tensor


@dataclass(frozen=True)
class HeadBatch:
    """``features [photos, patches, channels]``; ``captions [photos * n, T + 1]`` of piece numbers, filled with END, n
    of them for each photo in turn; questions as ``ids`` and ``mask [photos * QUESTIONS, Tq]``, with
    ``targets [photos * QUESTIONS, answers]``."""

    features: Tensor
    captions: Tensor
    caption_pointers: Pointers
    ids: Tensor
    mask: Tensor
    targets: Tensor
    question_pointers: Pointers


@dataclass(frozen=True)
class Shown:
    """A row of a part of the cache with its sentences, as many for each photo, and questions, each with the phrases of
    its text."""

    part: str
    row: int
    sentences: list[Sentence]
    questions: list[tuple[Question, str, list[Phrase]]]


def caption_pieces(texts: Sequence[str], tokenizer: Tokenizer) -> list[int]:
    """Ids of the pieces that captions are written with: start, end, unknown, Chinese start, and the frequent ones."""
    counts = Counter(piece for text in tokenizer.encode_batch(texts, add_special_tokens=False) for piece in text.ids)
    special: list[int] = tokenizer.encode("[CLS] [SEP] [UNK] [MASK]", add_special_tokens=False).ids
    return [*special, *sorted(p for p, n in counts.items() if n >= FREQUENT_PIECE and p not in special)]


def frequent_answers(questions: Sequence[Sequence[Question]]) -> list[str]:
    """The answers to choose from."""
    counts = Counter(answer for own in questions for question in own for answer in question.answers)
    return sorted(answer for answer, count in counts.items() if count >= FREQUENT_ANSWER)


class HeadItems:
    """Draws photos with sentences and questions from the cache.

    Args:
        rows: the training photos.
        chinese: their Chinese sentences, or None.
        lexicon: the words' translations, or None without Chinese.
        names: folder of named things, or None.
        cache: the cached features.
        side: patches along one side.
        tokenizer: the network's.
    """

    def __init__(
        self,
        rows: list[Row],
        chinese: list[Row] | None,
        lexicon: Lexicon | None,
        names: Path | None,
        cache: Path,
        side: int,
        tokenizer: Tokenizer,
    ) -> None:
        self.rows, self.chinese, self.lexicon, self.side, self.tokenizer = rows, chinese, lexicon, side, tokenizer
        nouns = frequent_nouns(rows)
        self.questions = [derive(row, nouns) for row in rows]
        self.nouns = sorted(set(nouns))
        texts = [caption for row in rows for caption in row["captions"]]
        texts += [text for row in chinese or [] for text in row["written"]]
        self.named = None
        if names is not None:
            self.named = NamedThings(names, cache, [row["captions"] for row in rows], chinese is not None)
            own = [self.named.names, *([self.named.chinese] if chinese else [])]
            texts += [name for of_classes in own for of_class in of_classes for name in of_class] * FREQUENT_PIECE
        self.pieces = caption_pieces(texts, tokenizer)
        self.answers = frequent_answers(self.questions)
        self.piece_numbers = {piece: number for number, piece in enumerate(self.pieces)}
        self.answer_numbers = {answer: number for number, answer in enumerate(self.answers)}
        self.views = [read_rows(path) for path in sorted(cache.glob("train-?.jsonl"))]
        parts = [f"train-{view}" for view in range(len(self.views))] + (self.named.views if self.named else [])
        self.features = {part: np.load(cache / f"{part}.npy", mmap_mode="r") for part in parts}
        self.things = [{thing.noun: thing.boxes for thing in things_of(row)} for row in rows] if chinese else []
        self.sentences: dict[Language, int] = SENTENCES if chinese is not None else {"en": SENTENCES["en"]}

    def batches(self, photos: int, named: int, seed: int, start: int) -> Iterator[HeadBatch]:
        """Endless batches from step ``start``; every photo once per epoch; each step has its own seed."""
        per_epoch, step = max(len(self.rows) // photos, 1), start
        while True:
            order = random.Random(f"{seed}-{step // per_epoch}").sample(range(len(self.rows)), len(self.rows))
            first, rng = (step % per_epoch) * photos, random.Random(f"{seed}-{step}-heads")
            shown = [self.photo(row, rng) for row in order[first : first + photos]]
            yield self.batch(shown + [self.thing(rng) for _ in range(named if self.named else 0)])
            step += 1

    def photo(self, row: int, rng: random.Random) -> Shown:
        """One random view of a photo, with its sentences and some of its questions."""
        number = rng.randrange(len(self.views))
        note = self.views[number][row]
        view = View(tuple(note["crop"]), note["flipped"])
        captions = self.rows[row]["captions"]
        sentences = [(text, self._phrases(row, index, view)) for index, text in enumerate(captions)]
        chosen = [sentences[index % len(sentences)] for index in range(self.sentences["en"])]
        if self.chinese is not None:
            written = self.chinese[row]["written"]
            texts = rng.sample(written, min(len(written), self.sentences["zh"]))
            own = [(text, self._named_phrases(row, text, view)) for text in texts] or chosen
            chosen += [own[index % len(own)] for index in range(self.sentences["zh"])]
        return Shown(f"train-{number}", row, chosen, self._asked(row, view, rng))

    def thing(self, rng: random.Random) -> Shown:
        """A photo of a named thing, with sentences that only name it, and questions about its presence."""
        assert self.named is not None
        part, row = rng.choice(self.named.views), rng.choice(self.named.rows)
        names, chinese = self.named.names[row], self.named.chinese[row] if self.chinese is not None else []
        region = (self.named.activation[part][row] > 0.5).astype(np.float64)
        sentences: list[Sentence] = []
        for language, count in self.sentences.items():
            for text, span in named_sentences(chinese if language == "zh" else names, language, count, names, rng):
                sentences.append((text, [Phrase(*span, region)]))
        questions = presence_questions(names, self.nouns, QUESTIONS, rng)
        return Shown(part, row, sentences, [(question, question.text(rng.randrange(4)), []) for question in questions])

    def _phrases(self, row: int, number: int, view: View) -> list[Phrase]:
        phrases = [phrase for phrase in self.rows[row]["phrases"] if phrase["caption"] == number]
        return [Phrase(p["start"], p["end"], self._region(p["boxes"], view)) for p in phrases]

    def _named_phrases(self, row: int, text: str, view: View) -> list[Phrase]:
        assert self.lexicon is not None
        boxes = self.things[row]
        spans = noun_spans(text, list(boxes), self.lexicon)
        return [Phrase(*span, self._region(boxes[noun], view)) for noun, span in spans]

    def _asked(self, row: int, view: View, rng: random.Random) -> list[tuple[Question, str, list[Phrase]]]:
        own = [question for question in self.questions[row] if question.answers & self.answer_numbers.keys()]
        asked: list[tuple[Question, str, list[Phrase]]] = []
        for _ in range(QUESTIONS):
            kind = rng.choice(sorted({question.kind for question in own}) or KINDS[:1])
            of_kind = [question for question in own if question.kind == kind]
            question = rng.choice(of_kind or [Question(kind, "photo", frozenset())])
            translated = None
            if self.lexicon is not None and rng.random() < CHINESE_QUESTIONS:
                translated = chinese_question(question, self.lexicon, rng)
            text, thing = translated or (question.text(rng.randrange(4)), question.thing)
            start, phrases = text.find(thing), list[Phrase]()
            if question.boxes and question.kind != "place" and start >= 0:
                phrases.append(Phrase(start, start + len(thing), self._region(question.boxes, view)))
            asked.append((question, text, phrases))
        return asked

    def batch(self, shown: list[Shown]) -> HeadBatch:
        """What is shown, as tensors."""
        features = np.stack([self.features[item.part][item.row] for item in shown])
        captions, caption_pointers = self._captions([sentence for item in shown for sentence in item.sentences])
        asked = [question for item in shown for question in item.questions]
        encoded = self.tokenizer.encode_batch([text for _, text, _ in asked])
        ids, mask = padded(encoded)
        targets = torch.zeros(len(asked), len(self.answers))
        for number, (question, _, _) in enumerate(asked):
            right = [self.answer_numbers[answer] for answer in question.answers if answer in self.answer_numbers]
            targets[number, right] = 1.0 / max(len(right), 1)
        pointers = self._pointers(encoded, [phrases for _, _, phrases in asked], ids.shape[1], 0)
        return HeadBatch(torch.from_numpy(features), captions, caption_pointers, ids, mask, targets, pointers)

    def _captions(self, sentences: Sequence[Sentence]) -> tuple[Tensor, Pointers]:
        encoded = self.tokenizer.encode_batch([text for text, _ in sentences])
        length = min(max(len(text.ids) for text in encoded), CAPTION_PIECES)
        captions = torch.full((len(sentences), length), END)
        for number, (text, _) in enumerate(sentences):
            pieces = [self.piece_numbers.get(piece, UNKNOWN) for piece in encoded[number].ids[:length]]
            start = CHINESE_START if language_of(text) == "zh" else START
            captions[number, : len(pieces)] = torch.tensor([start, *pieces[1:]])
        # Each piece is predicted in the place before its own.
        return captions, self._pointers(encoded, [phrases for _, phrases in sentences], length - 1, 1)

    def _pointers(
        self, encoded: Sequence[Encoding], phrases: Sequence[Sequence[Phrase]], length: int, shift: int
    ) -> Pointers:
        owner, pieces, regions = list[int](), list[np.ndarray](), list[np.ndarray]()
        for number, (text, own) in enumerate(zip(encoded, phrases, strict=True)):
            for phrase in own:
                longest = max(length + shift, len(text.ids))
                covered = covering(text, phrase.start, phrase.end, longest)[shift : length + shift]
                if covered.any():
                    owner.append(number)
                    pieces.append(covered)
                    regions.append(phrase.region)
        return Pointers(
            torch.tensor(owner, dtype=torch.int64),
            torch.from_numpy(np.array(pieces, bool).reshape(-1, length)),
            torch.from_numpy(np.array(regions, np.float32).reshape(-1, self.side**2)),
        )

    def _region(self, boxes: Sequence[Sequence[float]], view: View) -> np.ndarray:
        return coverage([seen for box in boxes if (seen := view.box(tuple(box)))], self.side)  # type: ignore[arg-type]
