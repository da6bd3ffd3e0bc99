"""Photos with texts that describe them or not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vtviz.files import read_photo
from vtviz.inputs import ImageInput, InputError


@dataclass(frozen=True)
class Pair:
    """A photo and a text, and whether the text describes the photo: ``label`` 1, or 0. ``keys`` are further columns of
    its row, by which pairs can be grouped."""

    image: Path
    text: str
    label: int
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PairSet:
    """Pairs, the name of what they were read from, and the sha256 of its bytes."""

    name: str
    sha256: str
    pairs: tuple[Pair, ...]

    @property
    def photos(self) -> tuple[Path, ...]:
        """The photos, each once, in the order of their first pair."""
        return tuple(dict.fromkeys(pair.image for pair in self.pairs))


def read_pair_photo(path: Path) -> ImageInput:
    """A photo of a pair. Raises InputError where it cannot be used, which says which photo it is."""
    try:
        return read_photo(path, path.name)
    except InputError as error:
        if "name" in error.values:
            raise
        raise InputError("The photo {name} cannot be used. {reason}", name=path.name, reason=str(error)) from error
