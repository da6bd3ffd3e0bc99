"""The words that a recurrent network knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from vtviz.inputs import check_text, split_words
from vtviz.models.recurrent.network import FIRST, UNKNOWN

Span = tuple[int, int]


class Words:
    """Words and their ids, from how often each occurred in training; their order gives the ids."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.counts = dict(counts)
        self._ids = {word: number for number, word in enumerate(counts, FIRST)}

    def __len__(self) -> int:
        return FIRST + len(self._ids)

    def read(self, text: str) -> tuple[list[int], list[Span]]:
        """The ids of a text's words and the characters ``[start, end)`` of each."""
        words = split_words(text)
        return [self.id_of(word.text) for word in words], [(word.start, word.end) for word in words]

    def id_of(self, word: str) -> int:
        """The id of a word, whatever its case."""
        return self._ids.get(word.lower(), UNKNOWN)

    def knows(self, word: str) -> bool:
        """Whether training showed a word; marks count as known."""
        return self.id_of(word) != UNKNOWN or not any(character.isalnum() for character in word)


def count_words(texts: Iterable[str], least: int) -> dict[str, int]:
    """The words that occur ``least`` times or more, with their counts, the most frequent first."""
    counts = Counter(word.text.lower() for text in texts for word in split_words(check_text(text)))
    return {
        word: count for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if count >= least
    }
