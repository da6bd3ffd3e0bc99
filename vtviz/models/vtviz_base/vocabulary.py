"""Which words the network has met in training."""

from __future__ import annotations

import re
from collections.abc import Mapping

KNOWN = 5  # times in training from which a word counts as known


class Vocabulary:
    """How often each word stands in the training texts."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        if not isinstance(counts, Mapping):
            raise TypeError("`counts` is no mapping of words to numbers")
        self.counts = counts

    def count(self, word: str) -> int:
        """How often a word was met, in this form, in the singular or in the plural; the rarest of its parts where it
        has several ("ice-cream", "man's")."""
        parts = [part for part in re.split(r"[-'’]", word.lower()) if part and part not in ("s", "t")]
        return min((sum(self.counts.get(form, 0) for form in _forms(part)) for part in parts), default=0)

    def knows(self, word: str) -> bool:
        """Whether a word was met often enough; numbers and marks count as known."""
        return not any(character.isalpha() for character in word) or self.count(word) >= KNOWN


def _forms(word: str) -> set[str]:
    singulars = {word[: -len(end)] + new for end, new in (("s", ""), ("es", ""), ("ies", "y")) if word.endswith(end)}
    return {word, word + "s", word + "es", *(each for each in singulars if len(each) > 2)}
