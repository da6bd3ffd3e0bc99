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


@dataclass(frozen=True)
class Peaks:
    """The values painted in the highest colour where maps share a scale."""

    attribution: float
    attention: float


@dataclass(frozen=True)
class LensView:
    """What a lens shows of one photo and text.

    ``relevance`` may be signed; its maps then get diverging colours. ``grid`` is the rows and columns of patches;
    ``layers`` may be empty; ``layer`` and ``head`` (None for the mean of all) are shown first, counted among the layers
    of the first kind in ``KINDS`` that there is. ``unknown`` are the indices of words that the model does not know.
    ``name`` tells views apart: equal names must mean equal views. ``score_label`` is the catalogue's key for what a
    token's score is, ``method`` that for what made the relevance (or its plain name, where the catalogue has none).
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

    @property
    def grid(self) -> tuple[int, int]:
        rows, columns = self.relevance.image.shape
        return int(rows), int(columns)

    @property
    def peaks(self) -> Peaks:
        """The largest values of this view's maps."""
        maps = [layer.blocks["text_image"] for layer in self.layers if "text_image" in layer.blocks]
        return Peaks(_largest([self.relevance.maps]), _largest(maps))


def _largest(arrays: list[np.ndarray]) -> float:
    return max((float(np.abs(array).max()) for array in arrays if array.size), default=0.0) or 1.0
