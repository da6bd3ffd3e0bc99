"""Which words occurred in the network's training texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping

from tokenizers import Tokenizer

from vtviz.vocabulary import empty_words

KNOWN = 5  # times in training from which a word counts as known
PART = re.compile(r"[^\W\d_]+")  # as training counts them
ENDINGS = ("s", "t")
ENDING = re.compile(r"(?<=\w)'(?:re|ve|ll|d|m|s)$")  # of "we're", "dog's"
NOT = re.compile(r"^(\w+)n't$")
SHORTENED = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}  # before "n't"
INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])+\.?")


def spelling(tokenizer: Tokenizer) -> Callable[[str], str]:
    """How a tokenizer spells words before it cuts them: in lower case, without accents, and without the spaces that it
    puts around Chinese characters."""
    normalizer = tokenizer.normalizer
    return str.lower if normalizer is None else lambda word: "".join(normalizer.normalize_str(word).split())


class Vocabulary:
    """How often each word occurs in the training texts; words that ``spell`` writes alike count as one."""

    def __init__(self, counts: Mapping[str, int], spell: Callable[[str], str] = str.lower) -> None:
        self.spell, self.counts = spell, Counter[str]()
        for word, times in counts.items():
            self.counts[spell(word).strip()] += times

    def count(self, word: str) -> int:
        """How often a word occurred, in this form, in the singular or in the plural; the rarest of its parts where it
        has several ("ice-cream", "man's")."""
        spelled = NOT.sub(_of_not, self.spell(word).replace("’", "'"))
        parts = [part for part in PART.findall(ENDING.sub("", spelled)) if part not in ENDINGS]
        return min((sum(self.counts[form] for form in _forms(part)) for part in parts), default=0)

    def knows(self, word: str) -> bool:
        """Whether a word occurred often enough. Numbers, marks, initials and words that name nothing count as known."""
        if not any(character.isalpha() for character in word) or INITIALS.fullmatch(word):
            return True
        if word.lower() in empty_words():
            return True
        return self.count(word) >= KNOWN


def _of_not(found: re.Match[str]) -> str:
    """ "isn't" as the word before "not"."""
    return SHORTENED.get(found[1], found[1])


def _forms(word: str) -> set[str]:
    singulars = {word[: -len(end)] + new for end, new in (("s", ""), ("es", ""), ("ies", "y")) if word.endswith(end)}
    return {word, word + "s", word + "es", *(form for form in singulars if len(form) > 2)}
