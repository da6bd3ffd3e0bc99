"""Two explanations side by side, word by word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vtviz.engine.explanation import Explanation
from vtviz.engine.export import to_dict
from vtviz.metrics.agreement import TOP_SHARE, on_one_grid, overlap, rank_correlation, shares
from vtviz.render.words import aligned_words, word_maps, word_scores

SCHEMA = "vtviz.comparison/1"


@dataclass(frozen=True)
class Pair:
    """A word of each text that stand for each other; a place is None where a word has no counterpart, and both are for
    the whole texts.

    ``maps`` are shares: the relevance of each patch ``[h, w]`` over the sum of its sizes on that side, on the finer
    grid of both where the photo is the same. ``difference`` (the first less the second), ``correlation`` and
    ``overlap`` are None where the sides have different photos or a map is missing; the last two also where a map is the
    same everywhere.
    """

    places: tuple[int | None, int | None]
    maps: tuple[np.ndarray | None, np.ndarray | None]
    scores: tuple[float | None, float | None]
    difference: np.ndarray | None = None
    correlation: float | None = None
    overlap: float | None = None

    @property
    def is_whole(self) -> bool:
        return self.places == (None, None)


@dataclass(frozen=True)
class Comparison:
    """Two explanations; the first pair is of the whole texts, the others are of words in reading order."""

    sides: tuple[Explanation, Explanation]
    pairs: tuple[Pair, ...]

    @property
    def same_photo(self) -> bool:
        return self.sides[0].image.sha256 == self.sides[1].image.sha256

    @property
    def changed(self) -> int:
        """The first pair whose words differ, else that of the whole texts."""
        texts = [[word.text.lower() for word in side.tokens.words] for side in self.sides]
        for index, pair in enumerate(self.pairs[1:], start=1):
            a, b = pair.places
            if a is None or b is None or texts[0][a] != texts[1][b]:
                return index
        return 0


def compare(first: Explanation, second: Explanation) -> Comparison:
    """Pairs the words of two explanations, and their maps where the photo is the same."""
    sides = (first, second)
    maps = [word_maps(side.tokens, side.relevance) for side in sides]
    scores = [word_scores(side.tokens, side.relevance) for side in sides]
    same = first.image.sha256 == second.image.sha256
    texts = [[word.text for word in side.tokens.words] for side in sides]
    whole = _pair((None, None), (first.relevance.image, second.relevance.image), (None, None), same)
    pairs = [whole]
    for places in aligned_words(*texts):
        a, b = ((None if place is None else maps[i][place]) for i, place in enumerate(places))
        one, other = ((None if place is None else float(scores[i][place])) for i, place in enumerate(places))
        pairs.append(_pair(places, (a, b), (one, other), same))
    return Comparison(sides, tuple(pairs))


def _pair(
    places: tuple[int | None, int | None],
    maps: tuple[np.ndarray | None, np.ndarray | None],
    scores: tuple[float | None, float | None],
    same_photo: bool,
) -> Pair:
    one, other = maps
    if not same_photo or one is None or other is None:
        alone = [None if item is None else shares(item) for item in maps]
        return Pair(places, (alone[0], alone[1]), scores)
    a, b = (shares(item) for item in on_one_grid(one, other))
    return Pair(places, (a, b), scores, a - b, rank_correlation(a, b), overlap(a, b))


def comparison_dict(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain values: both explanations and the figures of every pair."""
    texts = [side.tokens.words for side in comparison.sides]
    rows = []
    for pair in comparison.pairs:
        words = [None if place is None else texts[i][place].text for i, place in enumerate(pair.places)]
        rows.append(
            {
                "words": None if pair.is_whole else words,
                "relevance": None if pair.is_whole else list(pair.scores),
                "rank_correlation": pair.correlation,
                "overlap": pair.overlap,
                "difference": None if pair.difference is None else np.round(pair.difference, 7).tolist(),
            }
        )
    return {
        "schema": SCHEMA,
        "a": to_dict(comparison.sides[0]),
        "b": to_dict(comparison.sides[1]),
        "same_photo": comparison.same_photo,
        "top_share": TOP_SHARE,
        "pairs": rows,
    }
