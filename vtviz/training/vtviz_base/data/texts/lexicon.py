"""Which Chinese words translate which English ones, by counting over a text and its translation.

Brown et al., "The Mathematics of Statistical Machine Translation", 1993: IBM model 1, in both directions, as nltk
computes it. A link needs both directions; of equal words the one nearest to the diagonal counts (as in Dyer, Chahuneau
and Smith, "A Simple, Fast, and Effective Reparameterization of IBM Model 2", NAACL 2013).
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from vtviz.files import write_atomically
from vtviz.inputs import Word

ROUNDS = 5
LEAST = 0.02  # probability from which a translation is kept
LINKED = 0.08  # geometric mean of both directions from which two words are linked
DIAGONAL = 3.0  # how fast a link's weight falls with its distance from the diagonal

Table = dict[str, dict[str, float]]


class Lexicon:
    """Translation probabilities: ``chinese_of[english][chinese]`` and ``english_of[chinese][english]``."""

    def __init__(self, chinese_of: Table, english_of: Table) -> None:
        self.chinese_of, self.english_of = chinese_of, english_of

    def strength(self, english: str, chinese: str) -> float:
        """How surely two words translate each other, 0..1: the geometric mean of both directions."""
        there = self.chinese_of.get(english, {}).get(chinese, 0.0)
        return math.sqrt(there * self.english_of.get(chinese, {}).get(english, 0.0))

    def best_chinese(self, english: str, least: float = 0.2) -> str | None:
        """The Chinese word that an English one is surest translated by, or None where none is sure."""
        found = {word: self.strength(english, word) for word in self.chinese_of.get(english, {})}
        word = max(found, key=lambda key: found[key], default=None)
        return word if word is not None and found[word] >= least else None

    def links(self, english: Sequence[Word], chinese: Sequence[Word]) -> list[tuple[int, int]]:
        """Pairs of indices of words that translate each other in a sentence and its translation."""
        weight: dict[tuple[int, int], float] = {}
        for j, word in enumerate(chinese):
            for i, other in enumerate(english):
                strength = self.strength(other.text.lower(), word.text)
                if strength >= LINKED:
                    distance = abs((i + 0.5) / len(english) - (j + 0.5) / len(chinese))
                    weight[i, j] = strength * math.exp(-DIAGONAL * distance)
        best_i: dict[int, float] = defaultdict(float)
        best_j: dict[int, float] = defaultdict(float)
        for (i, j), value in weight.items():
            best_i[i], best_j[j] = max(best_i[i], value), max(best_j[j], value)
        return [(i, j) for (i, j), value in weight.items() if value == best_i[i] and value == best_j[j]]


def learn_lexicon(pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> Lexicon:
    """The lexicon of sentences with their translations, words in lower case."""
    from nltk.translate import AlignedSent, IBMModel1

    tables = []
    for first, second in ((0, 1), (1, 0)):
        model = IBMModel1([AlignedSent(list(pair[second]), list(pair[first])) for pair in pairs], ROUNDS)
        tables.append(_kept(model.translation_table))
    return Lexicon(*tables)


def _kept(table: Mapping[str, Mapping[str | None, float]]) -> Table:
    """Probabilities of words given others, by the given word first; those of no word at all are left out."""
    kept: Table = {}
    for word in sorted(table):
        for given, value in table[word].items():
            if given is not None and value >= LEAST:
                kept.setdefault(given, {})[word] = round(value, 4)
    return dict(sorted(kept.items()))


def save_lexicon(lexicon: Lexicon, path: Path) -> None:
    """Writes a lexicon as JSON."""
    both = {"chinese_of": lexicon.chinese_of, "english_of": lexicon.english_of}
    write_atomically(path, json.dumps(both, ensure_ascii=False).encode())


def load_lexicon(path: Path) -> Lexicon:
    """The lexicon in a file."""
    return Lexicon(**json.loads(path.read_text(encoding="utf-8")))
