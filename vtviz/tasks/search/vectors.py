"""Where the vectors of photos lie: what every store of them offers."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

import numpy as np

from vtviz.tasks.search.entry import EVERYTHING, Entry, Filters, Near

NAMESPACE = uuid.UUID("6f0c1f5e-6b0e-5a3e-9f4a-2d7b1c0a9e51")
PAGE = 1000  # points that are read or written at a time


class Vectors(Protocol):
    """Unit vectors of photos in a Qdrant collection. A photo's id follows from its path, so that whatever is written
    twice is there once."""

    def count(self, filters: Filters = EVERYTHING) -> int:
        """How many photos there are."""

    def entries(self) -> Iterator[Entry]:
        """Every photo, in no order that means anything."""

    def put(self, entries: Sequence[Entry], vectors: np.ndarray) -> None:
        """Keeps photos with their vectors ``[photos, width]``, in place of what their paths held."""

    def remove(self, paths: Collection[str]) -> None:
        """Forgets photos."""

    def get(self, paths: Sequence[str]) -> list[Near]:
        """Those of these photos that are there, with a score of 1."""

    def nearest(
        self, vector: np.ndarray, limit: int, filters: Filters = EVERYTHING, without: Collection[str] = ()
    ) -> list[Near]:
        """The photos nearest to a vector ``[width]`` by cosine, nearest first."""

    def recommend(
        self,
        likes: np.ndarray,
        dislikes: np.ndarray,
        limit: int,
        filters: Filters = EVERYTHING,
        without: Collection[str] = (),
    ) -> list[Near]:
        """The photos nearest to one of ``likes [n, width]``, those nearer to one of ``dislikes [m, width]`` last."""

    def tidy(self) -> None:
        """Gives the space of forgotten photos back."""

    def close(self) -> None:
        """Gives the files or the connection back."""


def point_id(path: str) -> str:
    """The id of the photo with this path."""
    return str(uuid.uuid5(NAMESPACE, path))
