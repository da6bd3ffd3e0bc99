"""The figures of parts of the pairs: those of one group, language, or length of text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vtviz.chinese import language_of
from vtviz.evaluation.figures.confusion import at_threshold
from vtviz.evaluation.figures.ranking import ranking
from vtviz.evaluation.figures.resample import resampled_confusion
from vtviz.evaluation.figures.scored import Scored
from vtviz.evaluation.figures.table import estimate
from vtviz.inputs import split_words

LANGUAGE, LENGTH = ":language", ":length"  # keys that no row has: they are read from the text
LENGTHS = (5, 10, 15)  # the most words of a text in each class but the last
MOST = 20  # values of a key; one with more is no group


@dataclass(frozen=True)
class Slice:
    """The pairs whose ``key`` has a ``value``: how many there are, how many of them ``matches``, the accuracy with its
    interval, the recall of either category and the AUC (None where a category has no pairs here)."""

    key: str
    value: str
    pairs: int
    matches: int
    accuracy: dict[str, float | None]
    match_recall: float | None
    mismatch_recall: float | None
    auc: float | None


def text_keys(texts: Sequence[str]) -> dict[str, list[str]]:
    """The keys that are read from the texts: the language, and the number of words in classes."""
    return {LANGUAGE: [language_of(text) for text in texts], LENGTH: [_length(text) for text in texts]}


def _length(text: str) -> str:
    words, low = sum(word.text[0].isalnum() for word in split_words(text)), 1
    for high in LENGTHS:
        if words <= high:
            return f"{low}–{high}"
        low = high + 1
    return f"> {LENGTHS[-1]}"


def slices(scored: Scored, keys: Mapping[str, Sequence[str]], threshold: float, seed: int = 0) -> list[Slice]:
    """The slices by every key with at least two values and at most ``MOST``; pairs without a value are in none.

    Args:
        scored: all pairs.
        keys: for each key the value of every pair, ``""`` where it has none.
        threshold: from which a pair is called a match.
        seed: of the intervals.
    """
    found = []
    for key, values in keys.items():
        column = np.array(values, dtype=object)
        known = sorted(set(values) - {""}, key=lambda value: (value.startswith(">"), _leading(value), value))
        if 2 <= len(known) <= MOST:
            found += [_slice(scored.where(column == value), key, value, threshold, seed) for value in known]
    return found


def _leading(value: str) -> int:
    """The number that a value begins with, so that 6–10 stands before 11–15."""
    digits = "".join(character for character in value.partition("–")[0] if character in "0123456789")
    return int(digits or 0) if value.partition("–")[0] == digits else 0


def _slice(part: Scored, key: str, value: str, threshold: float, seed: int) -> Slice:
    confusion = at_threshold(part, threshold)
    accuracy = estimate(confusion.accuracy, resampled_confusion(part, threshold, seed).accuracy)
    recalls = (number(confusion.recall), number(confusion.of("mismatch").recall))
    return Slice(key, value, len(part), int(part.labels.sum()), accuracy, *recalls, number(ranking(part).auc))


def number(value: Any) -> float | None:
    """A figure as a plain number, None where it has no meaning."""
    return None if math.isnan(float(value)) else float(value)
