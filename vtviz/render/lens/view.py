"""What a lens shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vtviz.attribution.base import Relevance
from vtviz.inputs import ImageInput, Tokens
from vtviz.models.record import Kind

Block = Literal["text_image", "image_text", "image_image", "text_text", "summary"]


@dataclass(frozen=True)
class LensLayer:
    """Attention of one layer between what a lens can draw: pieces (T, no special tokens) and patches (P, row by row).

    ``blocks`` holds ``text_image [heads, T, P]``, ``image_text [heads, P, T]``, ``image_image [heads, P, P]`` and
    ``text_text [heads, T, T]``, queries first, whichever the layer has; ``summary [heads, 1, P]`` is where the image as
    a whole looks: the class token's row, or the mean of all patches where the model has none.
    """

    name: str
    kind: Kind
    blocks: Mapping[Block, np.ndarray]

    @property
    def heads(self) -> int:
        return int(next(iter(self.blocks.values())).shape[0])


@dataclass(frozen=True)
class Total:
    """The number that the scores explain: its catalogue key and its value.

    Where the method's scores must sum to it (completeness), ``baseline`` is the number for an empty input and ``image``
    the part of the sum that belongs to the photo: value − baseline = Σ tokens + image. Else ``baseline`` is None.
    """

    label: str
    value: float
    baseline: float | None = None
    image: float = 0.0


WAYS = ("where", "attention", "moved", "attribution")


@dataclass(frozen=True)
class Look:
    """One more way to look at the photo: ``name`` is one of WAYS, ``method`` what made the relevance (see LensView)."""

    name: str
    method: str
    relevance: Relevance


@dataclass(frozen=True)
class LensView:
    """What a lens shows of one photo and text.

    ``relevance`` is that of ``method`` (``attribution`` among WAYS) and may be signed. ``grid`` is the rows and columns
    of patches; ``layers`` may be empty; ``layer`` and ``head`` (None for the mean of all) are shown first, counted
    among the layers of the first kind in ``KINDS`` that there is. ``unknown`` are the indices of words that the model
    does not know. ``name`` tells views apart: equal names must mean equal views. ``score_label`` is the catalogue's key
    for what a token's score is, ``method`` that for what made the relevance (or its plain name, where the catalogue has
    none).
    ``looks`` are other ways to look, and ``show`` the one of WAYS that comes first. Where ``offered`` is False, the
    relevance of ``method`` can be seen as one of the others and gets no button of its own.
    """

    name: str
    image: ImageInput
    tokens: Tokens
    relevance: Relevance
    layers: tuple[LensLayer, ...] = ()
    layer: int = 0
    head: int | None = None
    unknown: tuple[int, ...] = ()
    score_label: str = "lens.relevance"
    method: str = ""
    total: Total | None = None
    looks: tuple[Look, ...] = ()
    show: str = "attribution"
    offered: bool = True

    @property
    def grid(self) -> tuple[int, int]:
        rows, columns = self.relevance.image.shape
        return int(rows), int(columns)

    @property
    def peak(self) -> float:
        """The largest attention of a word to a patch."""
        return largest([layer.blocks["text_image"] for layer in self.layers if "text_image" in layer.blocks])


def largest(arrays: list[np.ndarray]) -> float:
    """The largest size among arrays; 1 where there is nothing but zeros."""
    return max((float(np.abs(array).max()) for array in arrays if array.size), default=0.0) or 1.0
