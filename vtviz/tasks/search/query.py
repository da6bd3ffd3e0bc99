"""What is searched for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from vtviz.inputs import Frame, ImageInput, InputError, framed


@dataclass(frozen=True, eq=False)
class Term:
    """A part of a query: a ``text``, a photo (``image``), or a photo of the store by its ``path``. Photos like it come
    first where ``weight`` is positive, and last where it is negative."""

    text: str = ""
    image: ImageInput | None = None
    path: str = ""
    weight: float = 1.0

    @property
    def identity(self) -> tuple[Any, ...]:
        """Equal for equal terms."""
        return self.text, self.image.sha256 if self.image else "", self.path, self.weight


@dataclass(frozen=True, eq=False)
class Query:
    """One term, or several that are weighed against each other."""

    terms: tuple[Term, ...]

    @property
    def sentence(self) -> str | None:
        """The text of a query that is nothing else, and so can be matched with photos."""
        alone = len(self.terms) == 1 and self.terms[0].weight > 0
        return self.terms[0].text or None if alone else None

    @property
    def identity(self) -> tuple[Any, ...]:
        """Equal for equal queries."""
        return tuple(term.identity for term in self.terms)

    def check(self) -> None:
        """Raises InputError where there is nothing to search for."""
        if not any(term.weight for term in self.terms):
            raise InputError("There is nothing to search for; give a text or a photo.")
        if any(sum(map(bool, (term.text, term.image, term.path))) != 1 for term in self.terms):
            raise InputError("Each part of a query is either a text or a photo.")


def text_query(text: str) -> Query:
    """A query of one text."""
    return Query((Term(text=text),))


def part_of(image: ImageInput, box: Frame) -> ImageInput:
    """The part of a photo inside a box (left, top, right, bottom as fractions of the photo), as a photo of its own.

    Raises:
        InputError: if the box is empty or leaves the photo.
    """
    left, top, right, bottom = box
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise InputError(
            "A box is four numbers from 0 to 1: left, top, right, bottom, with left < right, top < bottom."
        )
    identity = hashlib.sha256(repr((image.sha256, box)).encode()).hexdigest()
    return ImageInput(framed(image, box).pixels.copy(), identity)
