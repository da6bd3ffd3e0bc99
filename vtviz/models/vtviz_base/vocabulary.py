"""Which words occurred in the network's training texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping

from tokenizers import Tokenizer

KNOWN = 5  # times in training from which a word counts as known
PART = re.compile(r"[^\W\d_]+")  # as training counts them
ENDINGS = ("s", "t")


def spelling(tokenizer: Tokenizer) -> Callable[[str], str]:
    """How a tokenizer spells words before it cuts them: in lower case, without accents."""
    return str.lower if tokenizer.normalizer is None else tokenizer.normalizer.normalize_str


class Vocabulary:
    """How often each word occurs in the training texts; words that ``spell`` writes alike count as one."""

    def __init__(self, counts: Mapping[str, int], spell: Callable[[str], str] = str.lower) -> None:
        self.spell, self.counts = spell, Counter[str]()
        for word, times in counts.items():
            self.counts[spell(word).strip()] += times

    def count(self, word: str) -> int:
        """How often a word occurred, in this form, in the singular or in the plural; the rarest of its parts where it
        has several ("ice-cream", "man's")."""
        parts = [part for part in PART.findall(self.spell(word)) if part not in ENDINGS]
        return min((sum(self.counts[form] for form in _forms(part)) for part in parts), default=0)

    def knows(self, word: str) -> bool:
        """Whether a word occurred often enough; numbers and marks count as known."""
        return not any(character.isalpha() for character in word) or self.count(word) >= KNOWN


def _forms(word: str) -> set[str]:
    singulars = {word[: -len(end)] + new for end, new in (("s", ""), ("es", ""), ("ies", "y")) if word.endswith(end)}
    return {word, word + "s", word + "es", *(form for form in singulars if len(form) > 2)}
