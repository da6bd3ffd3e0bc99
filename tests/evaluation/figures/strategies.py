"""Random pairs for property tests, many of them tied."""

import numpy as np
from hypothesis import strategies as st

from vtviz.evaluation.figures.scored import Scored

TIED = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
FREE = st.floats(0.0, 1.0, allow_nan=False).map(lambda value: round(value, 6))


@st.composite
def scored_pairs(draw: st.DrawFn, fewest: int = 1) -> Scored:
    """1 to 40 pairs of 1 to 8 photos; one category may be empty."""
    pairs = draw(st.lists(st.tuples(st.one_of(TIED, FREE), st.booleans()), min_size=fewest, max_size=40))
    count = draw(st.integers(1, 8))
    photos = draw(st.lists(st.integers(0, count - 1), min_size=len(pairs), max_size=len(pairs)))
    scores, labels = zip(*pairs, strict=True)
    return Scored(np.array(scores, float), np.array(labels, bool), np.array(photos, int), count)
