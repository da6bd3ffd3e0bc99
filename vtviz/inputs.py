"""What a person gives: bytes to a checked RGB image, text to words with character spans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image


class InputError(ValueError):
    """Bad input; the message is one sentence that can be shown to the person who gave it."""


@dataclass(frozen=True)
class ImageInput:
    """A checked photo. ``pixels`` is uint8 ``[height, width, 3]`` RGB; ``sha256`` is that of the file's bytes."""

    pixels: np.ndarray
    sha256: str

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    def to_pil(self) -> Image.Image:
        return Image.fromarray(self.pixels)


@dataclass(frozen=True)
class Word:
    """A word of a text, which is ``text[start:end]``."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Tokens:
    """A tokenised text, without the tokenizer's special tokens.

    ``pieces[i]`` stands for the characters ``spans[i]`` of ``text`` and belongs to ``words[word_of[i]]``.
    ``truncated`` is True where the model could not read the whole text.
    """

    text: str
    pieces: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    words: tuple[Word, ...]
    word_of: tuple[int, ...]
    truncated: bool = False
