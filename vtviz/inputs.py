"""What people give: bytes become a checked RGB image, text becomes words with character spans."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import regex
from PIL import Image

from vtviz.chinese import HAN, RUN, segment
from vtviz.errors import UserError
from vtviz.image_files.decode import Size, decode, upright_size
from vtviz.image_files.formats import USUAL_MEGAPIXELS, Format, format_of, most_megapixels

MAX_BYTES = 15 * 2**20
MIN_SIDE = 8
MAX_CHARACTERS = 2000
Frame = tuple[float, float, float, float]  # left, top, right, bottom as fractions of a photo's width and height
WHOLE_FRAME: Frame = (0.0, 0.0, 1.0, 1.0)
UNSPACED = rf"\u3040-\u30ff{HAN}"  # Kana and Han
# A character as a reader sees it, with its accents and joiners, is one \X (Unicode Standard Annex 29).
LETTER, UNSPACED_LETTER = rf"(?=[^\W{UNSPACED}])\X", rf"(?=[{UNSPACED}])\X"
PLAIN_HAN = rf"[{HAN}](?![\p{{Grapheme_Cluster_Break=Extend}}\p{{Grapheme_Cluster_Break=ZWJ}}])"
JOINT = r"(?:(?=['’\-])\X|(?<=\p{Nd})[.,:/．٫٬](?=\p{Nd}))"  # inside a word, as in "isn't", "3.14", "10:30" and "1/2"
# As in "#dog", "@user", "$5" and "-5".
BEFORE = r"(?:(?<!\w)[\#@](?=[\p{L}\p{N}_])|(?<!\w)\p{Sc}(?=\p{Nd})|(?<![\w\-])-(?=\p{Nd}))"
ADDRESS = r"(?<![\w.%+\-])[A-Za-z0-9._%+\-]++@[A-Za-z0-9\-]++(?:\.[A-Za-z0-9\-]++)+"  # of e-mail
WEB = r"(?<!\w)(?i:https?://|www\.)(?:[!-/:-@\[-`{-~]*+[A-Za-z0-9_]++)++/?"  # which ends before a full stop
INITIALS = r"(?<!\w)(?:Ph|\p{Latin})(?:\.\p{Latin})+\b\.?"  # "U.S.", "e.g.", "Ph.D."
WORD = regex.compile(
    rf"{WEB}|{ADDRESS}|{INITIALS}|(?:{PLAIN_HAN})+|{UNSPACED_LETTER}"
    rf"|{BEFORE}?(?:{LETTER})+(?:{JOINT}(?:{LETTER})+)*(?:(?<=\p{{Nd}})(?=[%‰％])\X)?|(?=[^\w\s])\X"
)
UNSPACED_WORD = regex.compile(rf"(?:{UNSPACED_LETTER})+")
SOFT = regex.compile(r"[\u00ad\u2060\ufeff]")  # says where a line may break, or may not
BLANK = regex.compile(r"[[\p{C}\p{Z}]--[\p{Grapheme_Cluster_Break=Extend}\p{Grapheme_Cluster_Break=ZWJ}]]", regex.V1)
READABLE = regex.compile(r"[\p{L}\p{N}]")


class InputError(UserError, ValueError):
    """Bad input."""


@dataclass(frozen=True)
class ImageInput:
    """A checked photo. ``pixels`` is uint8 ``[height, width, 3]`` in sRGB; ``sha256`` is that of the file's bytes.

    Large photos are kept at the size at which they are shown: ``in_file`` is the width and height that such a photo has
    in its file.
    """

    pixels: np.ndarray
    sha256: str
    in_file: tuple[int, int] | None = None

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def file_size(self) -> tuple[int, int]:
        """Width and height of the photo in its file, upright."""
        return self.in_file or (self.width, self.height)

    @property
    def is_reduced(self) -> bool:
        """Whether the photo was too large to be decoded in full."""
        width, height = self.file_size
        return width * height > USUAL_MEGAPIXELS * 10**6

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


def read_image(data: bytes) -> ImageInput:
    """The photo in a file of one of the formats that people have: upright, its first frame, in sRGB, on white where it
    is transparent.

    Raises:
        InputError: if the file is empty, too large, broken, cut short, or of another format, or memory runs out.
    """
    form = _form_of(data)
    try:
        picture, size = decode(data, form, _check_size)
    except InputError:
        raise
    except Image.DecompressionBombError as error:  # Pillow's own limit, met before ours
        raise _too_many_pixels(USUAL_MEGAPIXELS) from error
    except MemoryError as error:
        raise InputError("There is not enough memory to open this image; scale it down, or try again later.") from error
    except Exception as error:  # the readers say in many ways that they cannot read a file
        raise InputError("The image file is damaged or incomplete; save or download it again.") from error
    return ImageInput(np.asarray(picture), hashlib.sha256(data).hexdigest(), None if picture.size == size else size)


def image_size(data: bytes) -> Size:
    """Width and height of the photo in a file, upright; only its beginning is decoded where that suffices.

    Raises:
        InputError: as ``read_image``, but damage further on may stay unseen.
    """
    try:
        return upright_size(data, _form_of(data), _check_size)
    except InputError:
        raise
    except Exception:  # of which ``read_image`` mends some, and says what the others are
        return read_image(data).file_size


def _form_of(data: bytes) -> Format:
    """The format of a file that may be decoded. Raises InputError for any other."""
    if not data:
        raise InputError("The image file is empty; choose another.")
    if len(data) > MAX_BYTES:
        raise InputError("The image file is larger than {limit} MB; choose a smaller one.", limit=MAX_BYTES // 2**20)
    form = format_of(data)
    if form is None:
        raise InputError(
            "The file is not a JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF or BMP image; convert it to one of these formats."
        )
    return form


def _too_many_pixels(limit: int) -> InputError:
    return InputError("The image has more than {limit} megapixels; scale it down.", limit=limit)


def _check_size(image: Image.Image, form: Format) -> None:
    """Before any pixel is decoded, because a small file can hold a huge image."""
    limit = most_megapixels(form, image)
    if image.width * image.height > limit * 10**6:
        raise _too_many_pixels(limit)
    if min(image.size) < MIN_SIDE:
        raise InputError("The image is less than {limit} pixels wide or tall; choose a larger one.", limit=MIN_SIDE)


def framed(image: ImageInput, frame: Frame, fill: tuple[int, ...] = (0, 0, 0)) -> ImageInput:
    """What lies in a frame of a photo, at the photo's own resolution; ``fill`` is the colour beyond its edges."""
    if frame == WHOLE_FRAME:
        return image
    left, top, right, bottom = frame
    corners = (left * image.width, top * image.height, right * image.width, bottom * image.height)
    x0, y0, x1, y1 = (round(item) for item in corners)
    canvas = np.empty((max(1, y1 - y0), max(1, x1 - x0), 3), np.uint8)
    canvas[:] = fill
    inside = image.pixels[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
    row, column = max(0, -y0), max(0, -x0)
    canvas[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
    return ImageInput(canvas, image.sha256)


def composed(text: str) -> str:
    """The text with its accents composed: Unicode's form NFC."""
    return unicodedata.normalize("NFC", text)


def normalised(text: str) -> str:
    """The text with its accents composed and a space for what cannot be printed."""
    return composed(BLANK.sub(" ", SOFT.sub("", text)))


def check_text(text: str) -> str:
    """The text, normalised, without surrounding space.

    Raises:
        InputError: if nothing is left to read, or there is too much of it.
    """
    stripped = normalised(text).strip()
    if not READABLE.search(stripped):
        raise InputError("The text contains no words; write a sentence about the photo.")
    if len(stripped) > MAX_CHARACTERS:
        raise InputError("The text is longer than {limit} characters; shorten it.", limit=MAX_CHARACTERS)
    return stripped


def split_words(text: str) -> tuple[Word, ...]:
    """The words and punctuation marks of a text, in order; apostrophes and hyphens stay inside words, as do marks of
    numbers, times, initials, addresses and tags ("3.14", "50%", "10:30", "U.S.", "a@b.org", "www.x.org", "#dog").

    Chinese is written without spaces: its words are those of a dictionary. Of Japanese, each character is a word.
    What a reader sees as one character is never split.
    """
    words = []
    for result in WORD.finditer(text):
        parts = segment(result.group()) if RUN.fullmatch(result.group()) else [result.group()]
        start = result.start()
        for part in parts:
            words.append(Word(part, start, start + len(part)))
            start += len(part)
    return tuple(words)


def group_pieces(text: str, pieces: Sequence[str], spans: Sequence[tuple[int, int]], truncated: bool = False) -> Tokens:
    """The tokens of a text whose ``pieces`` stand for the characters ``spans``.

    A piece belongs to the first word that it shares a character with; words that no piece reaches are left out. Chinese
    and Japanese characters that one piece holds together are one word.

    Raises:
        ValueError: if a piece lies in no word.
    """
    words, result = list(split_words(text)), []
    for start, end in spans:
        held = [i for i, word in enumerate(words) if word.start < end and word.end > start]
        if len(held) > 1 and all(UNSPACED_WORD.fullmatch(words[i].text) for i in held):
            first, last = words[held[0]].start, words[held[-1]].end
            words[held[0] : held[-1] + 1] = [Word(text[first:last], first, last)]
    for start, end in spans:
        index = next((i for i, word in enumerate(words) if word.start < end and word.end > start), None)
        if index is None:
            raise ValueError(f"the characters {start}:{end} lie in no word of the text")
        result.append(index)
    kept = sorted(set(result))
    position = {index: new for new, index in enumerate(kept)}
    return Tokens(
        text,
        tuple(pieces),
        tuple(spans),
        tuple(words[index] for index in kept),
        tuple(position[index] for index in result),
        truncated,
    )
