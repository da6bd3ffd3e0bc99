"""What a model says about a text and a photo: that it describes it, that it does not, or that it is not sure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from vtviz.vocabulary import empty_words

Verdict = Literal["describes", "does not", "not sure"]
Doubt = Literal["nothing named", "unknown words", "between"]


@dataclass(frozen=True)
class Bounds:
    """Scores from which a verdict is given: ``high`` and above, the text describes the photo; below ``low``, it does
    not. Between them too many verdicts would be wrong."""

    low: float
    high: float

    def verdict(self, score: float) -> Verdict:
        """What may be said of a score."""
        return "describes" if score >= self.high else "does not" if score < self.low else "not sure"


def names_something(words: Sequence[str], unknown: Collection[int] = ()) -> bool:
    """Whether any of the words that are not ``unknown`` names something that a photo could show."""
    return any(
        index not in unknown and any(character.isalpha() for character in word) and not _is_empty(word.lower())
        for index, word in enumerate(words)
    )


def _is_empty(word: str) -> bool:
    return all(part in empty_words() for part in word.replace("’", "'").split("'"))
