"""Which words occurred in the network's training texts."""

from __future__ import annotations

import re
from collections.abc import Mapping

KNOWN = 5  # times in training from which a word counts as known


class Vocabulary:
    """How often each word occurs in the training texts."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.counts = counts

    def count(self, word: str) -> int:
        """How often a word occurred, in this form, in the singular or in the plural; the rarest of its parts where it
        has several ("ice-cream", "man's")."""
        parts = [part for part in re.split(r"[-'’]", word.lower()) if part and part not in ("s", "t")]
        return min((sum(self.counts.get(form, 0) for form in _forms(part)) for part in parts), default=0)

    def knows(self, word: str) -> bool:
        """Whether a word occurred often enough; numbers and marks count as known."""
        return not any(character.isalpha() for character in word) or self.count(word) >= KNOWN


def _forms(word: str) -> set[str]:
    singulars = {word[: -len(end)] + new for end, new in (("s", ""), ("es", ""), ("ies", "y")) if word.endswith(end)}
    return {word, word + "s", word + "es", *(form for form in singulars if len(form) > 2)}
