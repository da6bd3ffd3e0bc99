"""Quick faithfulness of one explanation: insertion and deletion beside rankings drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vtviz.attribution.case import Case
from vtviz.attribution.masked import Fill, Masked
from vtviz.engine.engine import Shared
from vtviz.engine.explanation import Explanation
from vtviz.metrics.faithfulness import area, prefixes

STEPS, RANKINGS, CHUNK = 8, 3, 8


@dataclass(frozen=True)
class Faithfulness:
    """Curves of the model's answer over the share of patches, ``[steps + 1]``; the random ones ``[rankings, steps +
    1]``."""

    insertion: np.ndarray
    deletion: np.ndarray
    random_insertion: np.ndarray
    random_deletion: np.ndarray

    @property
    def figures(self) -> dict[str, float]:
        """Areas under the curves, by name; those of the random rankings are means."""
        return {
            "insertion": area(self.insertion),
            "deletion": area(self.deletion),
            "random_insertion": float(np.mean([area(curve) for curve in self.random_insertion])),
            "random_deletion": float(np.mean([area(curve) for curve in self.random_deletion])),
        }


def quick_faithfulness(
    engine: Shared,
    explanation: Explanation,
    progress: Callable[[int, int], None] = lambda done, total: None,
    fill: Fill = "blur",
) -> Faithfulness | None:
    """Adds and takes away the patches of an explanation in 8 steps, and those of 3 random rankings.

    The model is borrowed for a few passes at a time, so others get their turn; ``progress`` is called by the caller's
    own thread; ``fill`` stands in for patches. None where the map is flat, so that there is nothing to rank.
    """
    scores = explanation.relevance.image.ravel()
    if np.ptp(scores) == 0:
        return None
    rng = np.random.default_rng(seed_of(explanation))
    rankings = [scores, *(rng.random(len(scores)) for _ in range(RANKINGS))]
    kept = np.concatenate([prefixes(each, STEPS) for each in rankings])
    kept = np.concatenate([kept, ~kept])
    text, target = explanation.tokens.text, explanation.target
    masked = engine.use(explanation.model, lambda model: Masked(Case(model, explanation.image, [text], target), fill))
    values: list[np.ndarray] = []
    for start in range(0, len(kept), CHUNK):
        part = kept[start : start + CHUNK]
        values.append(engine.use(explanation.model, lambda model, part=part: masked.without_patches(part)))  # type: ignore[misc]
        progress(min(start + CHUNK, len(kept)), len(kept))
    added, taken = np.concatenate(values).reshape(2, len(rankings), STEPS + 1)
    return Faithfulness(added[0], taken[0], added[1:], taken[1:])


def seed_of(explanation: Explanation) -> int:
    """What everything random about an explanation follows; equal requests have equal ones."""
    return int(explanation.fingerprint, 16) % 2**32
