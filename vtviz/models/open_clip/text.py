"""Texts as open_clip's tokenizers read them, each piece with the characters it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from open_clip.tokenizer import HFTokenizer, SimpleTokenizer, basic_clean

from vtviz.inputs import UNSPACED_WORD, InputError, Tokens, check_text, group_pieces

Span = tuple[int, int]


@dataclass(frozen=True)
class Pieces:
    """The pieces of a text: their ``ids``, how they are written, and their characters in ``text``."""

    text: str
    ids: tuple[int, ...]
    written: tuple[str, ...]
    spans: tuple[Span, ...]


class Reader(Protocol):
    """A tokenizer. ``room`` pieces fit into the ``length`` places beside the ``special`` tokens, of which ``offset``
    stand before the first."""

    length: int
    room: int
    special: int
    offset: int
    pad_id: int

    def read(self, text: str) -> Pieces:
        """All pieces of a text, without special tokens and not yet cut."""

    def row(self, ids: Sequence[int]) -> tuple[list[int], int]:
        """``ids`` with special tokens and padding, ``length`` places, and how many of these are not padding."""

    def starts(self, ids: Sequence[int]) -> list[int]:
        """The places of pieces with which a word begins, the first among them."""


def tokens_of(reader: Reader, text: str) -> Tokens:
    """The pieces of a text that the model reads.

    Raises:
        InputError: if the text holds nothing to read.
    """
    pieces = reader.read(check_text(text))
    if not pieces.ids:
        raise InputError("The model cannot read anything in this text; write it in words.")
    cut = len(pieces.ids) > reader.room
    written, spans = pieces.written[: reader.room], pieces.spans[: reader.room]
    return group_pieces(pieces.text, written, spans, truncated=cut)


class BpeReader:
    """CLIP's own byte-pair tokenizer, which lower-cases."""

    offset, special = 1, 2
    pad_id = 0

    def __init__(self, tokenizer: SimpleTokenizer, length: int) -> None:
        self.tokenizer, self.length, self.room = tokenizer, length, length - 2
        self.start, self.end = tokenizer.sot_token_id, tokenizer.eot_token_id
        self._bytes = {character: byte for byte, character in tokenizer.byte_encoder.items()}

    def read(self, text: str) -> Pieces:
        text = basic_clean(text)
        cleaned = self.tokenizer.clean_fn(text)
        places = align(cleaned, text)
        ids: list[int] = []
        spans: list[Span] = []
        for found in self.tokenizer.pat.finditer(cleaned):
            word = "".join(self.tokenizer.byte_encoder[byte] for byte in found.group().encode("utf-8"))
            owner = [i for i, letter in enumerate(found.group()) for _ in letter.encode("utf-8")]
            at = 0
            for piece in self.tokenizer.bpe(word).split(" "):
                size = len(piece.removesuffix("</w>"))
                characters = [places[found.start() + owner[i]] for i in range(at, at + size)]
                ids.append(self.tokenizer.encoder[piece])
                spans.append((min(characters), max(characters) + 1))
                at += size
        return Pieces(text, tuple(ids), tuple(self._written(each) for each in ids), tuple(spans))

    def row(self, ids: Sequence[int]) -> tuple[list[int], int]:
        row = [self.start, *list(ids)[: self.room], self.end]
        return row + [self.pad_id] * (self.length - len(row)), len(row)

    def starts(self, ids: Sequence[int]) -> list[int]:
        ended = [self.tokenizer.decoder[each].endswith("</w>") for each in ids]
        return [i for i in range(len(ids)) if i == 0 or ended[i - 1]]

    def write(self, ids: Sequence[int]) -> Pieces:
        """The text that pieces spell."""
        text, spans = "", []
        for each in ids:
            written = self._written(each)
            spans.append((len(text), len(text) + max(1, len(written))))
            text = text.ljust(spans[-1][1]) if not written else text + written
            if self.tokenizer.decoder[each].endswith("</w>"):
                text += " "
        return Pieces(text.rstrip(), tuple(ids), tuple(self._written(each) for each in ids), tuple(spans))

    def _written(self, piece: int) -> str:
        letters = self.tokenizer.decoder[piece].removesuffix("</w>")
        return bytes(self._bytes[each] for each in letters if each in self._bytes).decode("utf-8", errors="replace")


class HuggingFaceReader:
    """A tokenizer of transformers, with or without a token before and after the text."""

    def __init__(self, tokenizer: HFTokenizer, length: int) -> None:
        self.tokenizer, self.length = tokenizer, length
        self.inner: Any = tokenizer.tokenizer
        probe = self.inner("a", add_special_tokens=True)["input_ids"]
        plain = self.inner("a", add_special_tokens=False)["input_ids"]
        first = next(i for i in range(len(probe)) if probe[i : i + len(plain)] == plain)
        self.before, self.after = probe[:first], probe[first + len(plain) :]
        if tokenizer.strip_sep_token:
            self.after = [0 if each == self.inner.sep_token_id else each for each in self.after]
        self.offset, self.special = first, len(probe) - len(plain)
        self.room = length - self.special
        self.pad_id = int(self.inner.pad_token_id or 0)

    def read(self, text: str) -> Pieces:
        cleaned = self.tokenizer.clean_fn(text)
        places = align(cleaned, text)
        encoded = self.inner(cleaned, add_special_tokens=False, return_offsets_mapping=self.inner.is_fast)
        ids = encoded["input_ids"]
        written = self.inner.convert_ids_to_tokens(ids)
        found = encoded["offset_mapping"] if self.inner.is_fast else _search(cleaned, written)
        return Pieces(text, tuple(ids), tuple(written), tuple(_back(cleaned, text, places, *each) for each in found))

    def row(self, ids: Sequence[int]) -> tuple[list[int], int]:
        row = [*self.before, *list(ids)[: self.room], *self.after]
        return row + [self.pad_id] * (self.length - len(row)), len(row)

    def starts(self, ids: Sequence[int]) -> list[int]:
        pieces = self.inner.convert_ids_to_tokens(list(ids))
        marked = any(piece.startswith("▁") for piece in pieces)
        return [
            i
            for i, piece in enumerate(pieces)
            if i == 0
            or (piece.startswith("▁") if marked else not piece.startswith("##"))
            or (UNSPACED_WORD.fullmatch(piece) and pieces[i - 1] != "▁")
        ]


def align(cleaned: str, text: str) -> list[int]:
    """For each character of ``cleaned`` the place in ``text`` that it was made from.

    Cleaning lower-cases, drops characters and joins white space; it changes no order.
    """
    places, at = [], 0
    lowered = [letter.lower() for letter in text]
    for letter in cleaned:
        found = next((i for i in range(at, len(text)) if letter in (text[i], *lowered[i])), None)
        if found is None:
            found = min(at, len(text) - 1)
        places.append(found)
        at = found + 1 if lowered[found][-1:] == letter or letter == text[found] else found
    return places


def _back(cleaned: str, text: str, places: Sequence[int], start: int, end: int) -> Span:
    while start < end and cleaned[start].isspace():
        start += 1
    while end > start and cleaned[end - 1].isspace():
        end -= 1
    if start == end:  # a piece for the space before a word belongs to the word
        start = min(start, len(cleaned) - 1)
        while start < len(cleaned) - 1 and cleaned[start].isspace():
            start += 1
        end = start + 1
    return places[start], places[end - 1] + 1


def _search(cleaned: str, written: Sequence[str]) -> list[Span]:
    """Where pieces stand in a text, for tokenizers that do not say."""
    spans, at = [], 0
    for piece in written:
        letters = piece.replace("▁", "").removeprefix("##").removesuffix("</w>")
        found = cleaned.find(letters, at)
        start = found if found >= 0 else min(at, len(cleaned) - 1)
        spans.append((start, start + max(len(letters), 0)))
        at = spans[-1][1]
    return spans
