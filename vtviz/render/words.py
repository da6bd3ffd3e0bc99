"""Relevance of pieces as relevance of words, which is what people read."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np

from vtviz.attribution.base import Relevance
from vtviz.inputs import Tokens


def word_maps(tokens: Tokens, relevance: Relevance) -> np.ndarray:
    """The mean of the maps of each word's pieces, ``[words, h, w]``, each scaled so that its largest size is 1."""
    maps = np.stack([relevance.maps[members].mean(axis=0) for members in _members(tokens)])
    peak = np.abs(maps).max(axis=(1, 2), keepdims=True)
    return maps / np.where(peak > 0, peak, 1.0)


def word_scores(tokens: Tokens, relevance: Relevance) -> np.ndarray:
    """The sum of the scores of each word's pieces, ``[words]``."""
    return np.array([relevance.tokens[members].sum() for members in _members(tokens)])


def _members(tokens: Tokens) -> list[list[int]]:
    return [[i for i, owner in enumerate(tokens.word_of) if owner == word] for word in range(len(tokens.words))]


def aligned_words(first: Sequence[str], second: Sequence[str]) -> list[tuple[int | None, int | None]]:
    """Which words of two texts correspond, in reading order; None where a word has no counterpart.

    Equal words are matched (letter case aside) by the longest runs; between them, words are paired in order where both
    texts have equally many, as where one was exchanged for another.
    """
    one, other = [word.lower() for word in first], [word.lower() for word in second]
    pairs: list[tuple[int | None, int | None]] = []
    for kind, a0, a1, b0, b1 in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind == "equal" or a1 - a0 == b1 - b0:
            pairs += zip(range(a0, a1), range(b0, b1), strict=True)
        else:
            pairs += [(index, None) for index in range(a0, a1)]
            pairs += [(None, index) for index in range(b0, b1)]
    return pairs
