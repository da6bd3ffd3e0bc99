"""Texts as open_clip's tokenizers read them, each piece with the characters it stands for."""

from __future__ import annotations

import copy
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import regex
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
    """A tokenizer. ``room`` pieces fit into the ``length`` positions beside the ``special`` tokens, of which ``offset``
    stand before the first."""

    length: int
    room: int
    special: int
    offset: int
    pad_id: int

    def read(self, text: str) -> Pieces:
        """All pieces of a text, without special tokens and not yet cut."""

    def row(self, ids: Sequence[int]) -> tuple[list[int], int]:
        """``ids`` with special tokens and padding, ``length`` positions, and how many of these are not padding."""

    def starts(self, ids: Sequence[int]) -> list[int]:
        """The indices of pieces with which a word begins, 0 among them."""


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
        self.plain = _without_special(tokenizer)
        self._bytes = {character: byte for byte, character in tokenizer.byte_encoder.items()}

    def read(self, text: str) -> Pieces:
        text = basic_clean(text)
        cleaned = self.tokenizer.clean_fn(text)
        sources = align(cleaned, text)
        ids: list[int] = []
        spans: list[Span] = []
        for word_match in self.plain.pat.finditer(cleaned):
            word = "".join(self.tokenizer.byte_encoder[byte] for byte in word_match.group().encode("utf-8"))
            owner = [i for i, letter in enumerate(word_match.group()) for _ in letter.encode("utf-8")]
            at = 0
            for piece in self.plain.bpe(word).split(" "):
                size = len(piece.removesuffix("</w>"))
                characters = [sources[word_match.start() + owner[i]] for i in range(at, at + size)]
                ids.append(self.tokenizer.encoder[piece])
                spans.append((min(characters), max(characters) + 1))
                at += size
        return Pieces(text, tuple(ids), tuple(self._written(piece) for piece in ids), tuple(spans))

    def row(self, ids: Sequence[int]) -> tuple[list[int], int]:
        row = [self.start, *list(ids)[: self.room], self.end]
        return row + [self.pad_id] * (self.length - len(row)), len(row)

    def starts(self, ids: Sequence[int]) -> list[int]:
        ended = [self.tokenizer.decoder[piece].endswith("</w>") for piece in ids]
        return [i for i in range(len(ids)) if i == 0 or ended[i - 1]]

    def write(self, ids: Sequence[int]) -> Pieces:
        """The text that pieces spell."""
        text, spans = "", []
        for piece in ids:
            written = self._written(piece)
            spans.append((len(text), len(text) + max(1, len(written))))
            text = text.ljust(spans[-1][1]) if not written else text + written
            if self.tokenizer.decoder[piece].endswith("</w>"):
                text += " "
        return Pieces(text.rstrip(), tuple(ids), tuple(self._written(piece) for piece in ids), tuple(spans))

    def _written(self, piece: int) -> str:
        letters = self.tokenizer.decoder[piece].removesuffix("</w>")
        return bytes(self._bytes[letter] for letter in letters if letter in self._bytes).decode(
            "utf-8", errors="replace"
        )


class HuggingFaceReader:
    """A tokenizer of transformers, with or without a token before and after the text. ``lead`` is read before each
    text, and belongs to its first piece."""

    lead = ""

    def __init__(self, tokenizer: HFTokenizer, length: int) -> None:
        self.tokenizer, self.length = tokenizer, length
        self.inner: Any = tokenizer.tokenizer
        probe = self.inner("a", add_special_tokens=True)["input_ids"]
        plain = self.inner("a", add_special_tokens=False)["input_ids"]
        first = next(i for i in range(len(probe)) if probe[i : i + len(plain)] == plain)
        self.before, self.after = probe[:first], probe[first + len(plain) :]
        if tokenizer.strip_sep_token:
            self.after = [0 if token == self.inner.sep_token_id else token for token in self.after]
        self.offset, self.special = first, len(probe) - len(plain)
        self.room = length - self.special
        self.pad_id = int(self.inner.pad_token_id or 0)
        added = [str(token) for token in self.inner.added_tokens_decoder.values() if token.special]
        self.special_tokens = _any_of({*added, *self.inner.all_special_tokens})

    def read(self, text: str) -> Pieces:
        cleaned = self.tokenizer.clean_fn(text)
        cleaned, sources = self._parted(cleaned, align(cleaned, text))
        whole, led = self.lead + cleaned, len(self.lead)
        encoded = self.inner(whole, add_special_tokens=False, return_offsets_mapping=self.inner.is_fast)
        ids = encoded["input_ids"]
        written = self.inner.convert_ids_to_tokens(ids)
        spans = encoded["offset_mapping"] if self.inner.is_fast else _search(whole, written)
        spans = [(max(0, start - led), max(0, end - led)) for start, end in spans]
        return Pieces(text, tuple(ids), tuple(written), tuple(_back(cleaned, text, sources, *span) for span in spans))

    def _parted(self, cleaned: str, places: list[int]) -> tuple[str, list[int]]:
        """The text with a space inside everything that the tokenizer would read as a special token."""
        compatible = [unicodedata.normalize("NFKC", letter) for letter in cleaned]  # "＜" is read as "<"
        letters = "".join(form if len(form) == 1 else letter for form, letter in zip(compatible, cleaned, strict=True))
        for found in reversed([*self.special_tokens.finditer(letters)]):
            after = found.start() + 1
            cleaned = f"{cleaned[:after]} {cleaned[after:]}"
            places = [*places[:after], places[found.start()], *places[after:]]
        return cleaned, places

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


def _without_special(tokenizer: SimpleTokenizer) -> SimpleTokenizer:
    """The tokenizer for what people write, in which "<end_of_text>" is text."""
    special = "|".join(tokenizer.decoder[each] for each in tokenizer.all_special_ids)
    plain = copy.copy(tokenizer)
    plain.pat = regex.compile(tokenizer.pat.pattern.removeprefix(f"{special}|"), tokenizer.pat.flags)
    plain.cache = {}  # of the tokenizer's own, which holds its special tokens
    return plain


def _any_of(tokens: Iterable[str]) -> re.Pattern[str]:
    """What any of ``tokens`` matches; the longest first."""
    longer = sorted((token for token in tokens if len(token) > 1), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longer)) or r"(?!)", re.IGNORECASE)


def align(cleaned: str, text: str) -> list[int]:
    """For each character of ``cleaned`` the index in ``text`` that it was made from.

    Cleaning lower-cases, drops characters and joins white space; it changes no order.
    """
    sources, at = [], 0
    lowered = [letter.lower() for letter in text]
    for letter in cleaned:
        source = next((i for i in range(at, len(text)) if letter in (text[i], *lowered[i])), None)
        if source is None:
            source = min(at, len(text) - 1)
        sources.append(source)
        at = source + 1 if lowered[source][-1:] == letter or letter == text[source] else source
    return sources


def _back(cleaned: str, text: str, sources: Sequence[int], start: int, end: int) -> Span:
    while start < end and cleaned[start].isspace():
        start += 1
    while end > start and cleaned[end - 1].isspace():
        end -= 1
    if start == end:  # a piece for the space before a word belongs to the word
        start = min(start, len(cleaned) - 1)
        while start < len(cleaned) - 1 and cleaned[start].isspace():
            start += 1
        end = start + 1
    return sources[start], sources[end - 1] + 1


def _lower(text: str) -> str:
    """In lower case, letter by letter."""
    return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)


def _search(cleaned: str, written: Sequence[str]) -> list[Span]:
    """The characters that pieces stand for, where the tokenizer does not say; it may lower-case."""
    spans, at, lowered = [], 0, _lower(cleaned)
    for piece in written:
        letters = piece.replace("▁", "").removeprefix("##").removesuffix("</w>")
        start = lowered.find(_lower(letters), at)
        start = start if start >= 0 else min(at, len(cleaned) - 1)
        spans.append((start, min(start + len(letters), len(cleaned))))
        at = spans[-1][1]
    return spans
