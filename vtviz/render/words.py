"""Relevance of pieces as relevance of words, which is what a person reads."""

from __future__ import annotations

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


def words_of_patches(tokens: Tokens, attention: np.ndarray) -> np.ndarray:
    """The sum over each word's pieces of ``attention [h, w, T]``, ``[h, w, words]``."""
    return np.stack([attention[..., members].sum(axis=-1) for members in _members(tokens)], axis=-1)


def _members(tokens: Tokens) -> list[list[int]]:
    return [[i for i, owner in enumerate(tokens.word_of) if owner == word] for word in range(len(tokens.words))]
