"""What every metric is compared with: a random ranking."""

from __future__ import annotations

import numpy as np

from vtviz.attribution.base import Relevance
from vtviz.attribution.case import Case


def random_ranking(case: Case, seed: int) -> Relevance:
    """Relevance drawn evenly from 0..1 for every patch and piece."""
    rng, pieces = np.random.default_rng(seed), len(case.tokens[0].pieces)
    words = case.tokens[0].word_of
    maps = rng.random((pieces, *case.model.grid))
    scores = rng.random(max(words) + 1)[list(words)] / np.bincount(words)[list(words)]  # alike for long and short words
    return Relevance(scores, maps, rng.random(case.model.grid), signed=False)
