"""A photo of a store, and which photos of it are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Entry:
    """One indexed photo: its path from the indexed folder with ``/``, its bytes' ``size`` and ``sha256``, when the file
    changed (``mtime_ns``), its width and height in pixels, when it was taken (``taken``, seconds since 1970 by the
    camera's clock, or the file's where the camera's is not known) and its ``look``, 64 bits in hexadecimal that nearly
    equal pictures share nearly all of."""

    path: str
    size: int
    mtime_ns: int
    sha256: str
    width: int
    height: int
    taken: float
    look: str

    @property
    def folders(self) -> list[str]:
        """Every folder that the photo lies in, from the outermost."""
        return [parent.as_posix() for parent in reversed(PurePosixPath(self.path).parents) if parent.name]

    @property
    def side(self) -> int:
        """The longer side in pixels."""
        return max(self.width, self.height)

    def payload(self) -> dict[str, Any]:
        """The entry as plain values, with what filters ask for."""
        return {**vars(self), "folders": self.folders, "side": self.side}


def entry_from(payload: dict[str, Any]) -> Entry:
    """The entry that a payload was made of."""
    return Entry(**{name: payload[name] for name in Entry.__dataclass_fields__})


@dataclass(frozen=True)
class Filters:
    """Which photos are wanted: those in a ``folder`` or below it, taken from ``since`` on and before ``until`` (seconds
    since 1970), whose longer side has at least ``smallest`` and at most ``largest`` pixels."""

    folder: str = ""
    since: float | None = None
    until: float | None = None
    smallest: int | None = None
    largest: int | None = None

    @property
    def inner_folder(self) -> str:
        """The folder as entries name it, without ``./`` and closing slashes; empty for all."""
        return "/".join(part for part in PurePosixPath(self.folder).parts if part not in (".", "/"))

    def ranges(self) -> dict[str, dict[str, float]]:
        """The bounds of each number that is bounded, by the names that Qdrant gives them."""
        bounds: dict[str, dict[str, float | None]] = {
            "taken": {"gte": self.since, "lt": self.until},
            "side": {"gte": self.smallest, "lte": self.largest},
        }
        kept = {
            key: {name: float(value) for name, value in own.items() if value is not None} for key, own in bounds.items()
        }
        return {key: own for key, own in kept.items() if own}


EVERYTHING = Filters()


@dataclass(frozen=True, eq=False)
class Near:
    """A photo that was found by its vector ``[width]``, and how near it is."""

    entry: Entry
    score: float
    vector: np.ndarray
