"""What every attribution method gives, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Relevance:
    """Relevance of the inputs for one answer.

    ``tokens [T]`` for each piece of the text, ``maps [T, h, w]`` the patch map of each piece, ``image [h, w]`` that of
    the whole text. Maps are 0..1 where ``signed`` is False, else -1..1.
    """

    tokens: np.ndarray
    maps: np.ndarray
    image: np.ndarray
    signed: bool
