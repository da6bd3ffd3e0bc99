"""Whether a probability means what it says: of the pairs at 80 %, 80 % should be matches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vtviz.evaluation.classification import BINS, calibration_error
from vtviz.evaluation.figures.confusion import share
from vtviz.evaluation.figures.resample import draws
from vtviz.evaluation.figures.scored import Scored


@dataclass(frozen=True, eq=False)
class Reliability:
    """In ``BINS`` bins of equal width, ``[BINS]``: how many pairs, their mean probability, and the share of matches
    among them (NaN in an empty bin); ``ece`` is the expected calibration error."""

    counts: np.ndarray
    probability: np.ndarray
    matches: np.ndarray
    ece: float


def bins_of(scores: np.ndarray) -> np.ndarray:
    """The bin of each probability, of ``BINS`` of equal width."""
    return np.minimum((scores * BINS).astype(int), BINS - 1)


def reliability(scored: Scored) -> Reliability | None:
    """The reliability diagram of probabilities (Niculescu-Mizil and Caruana, ICML 2005); None without pairs."""
    if not len(scored):
        return None
    bins = bins_of(scored.scores)
    counts = np.bincount(bins, minlength=BINS)
    probability, matches = (
        share(np.bincount(bins, weights=values, minlength=BINS), counts)
        for values in (scored.scores, scored.labels.astype(float))
    )
    return Reliability(counts, probability, matches, calibration_error(scored.scores, scored.labels.astype(int)))


def calibration(scored: Scored, seed: int = 0) -> tuple[float, np.ndarray]:
    """The expected calibration error of probabilities, and that of every resample of photos, ``[resamples]`` (NaN where
    none of the photos drawn has a pair)."""
    bins = bins_of(scored.scores)
    gaps = np.zeros((scored.photo_count, BINS))
    np.add.at(gaps, (scored.photos, bins), scored.scores - scored.labels)
    pairs = np.bincount(scored.photos, minlength=scored.photo_count)
    drawn = draws(scored.photo_count, seed)
    resampled = share(np.abs(drawn @ gaps).sum(axis=1), drawn @ pairs)
    return calibration_error(scored.scores, scored.labels.astype(int)), resampled
