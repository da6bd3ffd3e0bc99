"""Training items of the caption and answer heads: a photo with its captions and questions about it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from vtviz.evaluation.questions import KINDS, Question, derive, frequent_nouns
from vtviz.evaluation.split import Row, read_rows
from vtviz.metrics.localisation import Box
from vtviz.models.vtviz_base.heads import CAPTION_PIECES
from vtviz.training.vtviz_base.data.regions import coverage
from vtviz.training.vtviz_base.data.views import View

CAPTIONS = 5  # per photo
QUESTIONS = 5  # per photo and step
FREQUENT_PIECE, FREQUENT_ANSWER = 5, 20  # occurrences in training
START, END, UNKNOWN = 0, 1, 2

Phrase = tuple[int, np.ndarray, Sequence[Box], View]  # number of the text, its pieces that are covered, boxes, view


@dataclass(frozen=True)
class Pointers:
    """Phrases of texts: phrase k of text ``owner[k]`` covers the pieces ``pieces[k] [T]`` and the patches
    ``regions[k] [patches]``."""

    owner: Tensor
    pieces: Tensor
    regions: Tensor


@dataclass(frozen=True)
class HeadBatch:
    """``features [photos, patches, channels]``; ``captions [photos * CAPTIONS, T + 1]`` of piece numbers, filled with
    END; questions as ``ids`` and ``mask [photos * QUESTIONS, Tq]``, with ``targets [photos * QUESTIONS, answers]``."""

    features: Tensor
    captions: Tensor
    caption_pointers: Pointers
    ids: Tensor
    mask: Tensor
    targets: Tensor
    question_pointers: Pointers


def caption_pieces(rows: Sequence[Row], tokenizer: Tokenizer) -> list[int]:
    """Ids of the pieces that captions are written with: start, end, unknown, and the frequent ones."""
    encoded = [text for row in rows for text in tokenizer.encode_batch(row["captions"], add_special_tokens=False)]
    counts = Counter(piece for text in encoded for piece in text.ids)
    special: list[int] = tokenizer.encode("[CLS] [SEP] [UNK]", add_special_tokens=False).ids
    return [*special, *sorted(p for p, n in counts.items() if n >= FREQUENT_PIECE and p not in special)]


def frequent_answers(questions: Sequence[Sequence[Question]]) -> list[str]:
    """The answers to choose from."""
    counts = Counter(answer for own in questions for question in own for answer in question.answers)
    return sorted(answer for answer, count in counts.items() if count >= FREQUENT_ANSWER)


class HeadItems:
    """Draws photos with their captions and questions from the cache."""

    def __init__(self, photos: Path, cache: Path, side: int, tokenizer: Tokenizer) -> None:
        self.side, self.tokenizer = side, tokenizer
        self.rows = read_rows(photos / "train.jsonl")
        nouns = frequent_nouns(self.rows)
        self.questions = [derive(row, nouns) for row in self.rows]
        self.pieces = caption_pieces(self.rows, tokenizer)
        self.answers = frequent_answers(self.questions)
        self.piece_numbers = {piece: number for number, piece in enumerate(self.pieces)}
        self.answer_numbers = {answer: number for number, answer in enumerate(self.answers)}
        self.views = [read_rows(path) for path in sorted(cache.glob("train-?.jsonl"))]
        parts = [cache / f"train-{view}.npy" for view in range(len(self.views))]
        self.features = [np.load(part, mmap_mode="r") for part in parts]

    def batches(self, photos: int, seed: int, start: int) -> Iterator[HeadBatch]:
        """Endless batches from step ``start``; every photo once per epoch; each step has its own seed."""
        per_epoch, step = len(self.rows) // photos, start
        while True:
            order = random.Random(f"{seed}-{step // per_epoch}").sample(range(len(self.rows)), len(self.rows))
            first = (step % per_epoch) * photos
            yield self.batch(order[first : first + photos], random.Random(f"{seed}-{step}-heads"))
            step += 1

    def batch(self, rows: list[int], rng: random.Random) -> HeadBatch:
        """One random view of each photo, with its captions and some of its questions."""
        numbers = [rng.randrange(len(self.views)) for _ in rows]
        notes = [self.views[number][row] for number, row in zip(numbers, rows, strict=True)]
        views = [View(tuple(note["crop"]), note["flipped"]) for note in notes]
        features = np.stack([self.features[number][row] for number, row in zip(numbers, rows, strict=True)])
        captions, caption_pointers = self._captions(rows, views)
        ids, mask, targets, question_pointers = self._questions(rows, views, rng)
        return HeadBatch(torch.from_numpy(features), captions, caption_pointers, ids, mask, targets, question_pointers)

    def _captions(self, rows: list[int], views: list[View]) -> tuple[Tensor, Pointers]:
        texts = [caption for row in rows for caption in (self.rows[row]["captions"] * CAPTIONS)[:CAPTIONS]]
        encoded = self.tokenizer.encode_batch(texts)
        length = min(max(len(text.ids) for text in encoded), CAPTION_PIECES)
        captions = torch.full((len(texts), length), END)
        for number, text in enumerate(encoded):
            pieces = [self.piece_numbers.get(piece, UNKNOWN) for piece in text.ids[:length]]
            captions[number, : len(pieces)] = torch.tensor(pieces)
        phrases: list[Phrase] = []
        for photo, (row, view) in enumerate(zip(rows, views, strict=True)):
            for phrase in self.rows[row]["phrases"]:
                if phrase["caption"] < CAPTIONS:
                    number = photo * CAPTIONS + phrase["caption"]
                    offsets = encoded[number].offsets[1:length]  # each piece is predicted in the place before its own
                    covered = self._covered(offsets, phrase["start"], phrase["end"], length - 1)
                    phrases.append((number, covered, phrase["boxes"], view))
        return captions, self._pointers(phrases, length - 1)

    def _questions(
        self, rows: list[int], views: list[View], rng: random.Random
    ) -> tuple[Tensor, Tensor, Tensor, Pointers]:
        asked: list[tuple[Question, str, View]] = []
        for row, view in zip(rows, views, strict=True):
            own = [question for question in self.questions[row] if question.answers & self.answer_numbers.keys()]
            for _ in range(QUESTIONS):
                kind = rng.choice(sorted({question.kind for question in own}) or KINDS[:1])
                of_kind = [question for question in own if question.kind == kind]
                question = rng.choice(of_kind or [Question(kind, "photo", frozenset())])
                asked.append((question, question.text(rng.randrange(4)), view))
        encoded = self.tokenizer.encode_batch([text for _, text, _ in asked])
        length = max(len(text.ids) for text in encoded)
        ids = torch.tensor([text.ids + [0] * (length - len(text.ids)) for text in encoded])
        mask = torch.tensor([[t < len(text.ids) for t in range(length)] for text in encoded])
        targets = torch.zeros(len(asked), len(self.answers))
        phrases: list[Phrase] = []
        for number, (question, text, view) in enumerate(asked):
            right = [self.answer_numbers[answer] for answer in question.answers if answer in self.answer_numbers]
            targets[number, right] = 1.0 / max(len(right), 1)
            start = text.find(question.thing)
            if question.boxes and question.kind != "place":
                covered = self._covered(encoded[number].offsets, start, start + len(question.thing), length)
                phrases.append((number, covered, question.boxes, view))
        return ids, mask, targets, self._pointers(phrases, length)

    def _covered(self, offsets: Sequence[tuple[int, int]], start: int, end: int, length: int) -> np.ndarray:
        covered = np.zeros(length, bool)
        covered[: len(offsets)] = [a < end and b > start and b > a for a, b in offsets][:length]
        return covered

    def _pointers(self, phrases: list[Phrase], length: int) -> Pointers:
        owner, pieces, regions = [], np.zeros((len(phrases), length), bool), np.zeros((len(phrases), self.side**2))
        for number, (text, covered, boxes, view) in enumerate(phrases):
            owner.append(text)
            pieces[number] = covered
            regions[number] = coverage([seen for box in boxes if (seen := view.box(box))], self.side)
        kept = torch.from_numpy(pieces.any(axis=1))
        owners = torch.tensor(owner, dtype=torch.int64)
        return Pointers(owners[kept], torch.from_numpy(pieces)[kept], torch.from_numpy(regions)[kept].float())
