"""Quick faithfulness of one explanation: insertion and deletion beside rankings drawn at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vtviz.attribution.case import Case
from vtviz.attribution.masked import FILLS, Fill, Masked
from vtviz.engine.engine import Workbench
from vtviz.engine.requests.attribution_request import AttributionRequest
from vtviz.engine.run_log import Notes
from vtviz.metrics.faithfulness import area, prefixes
from vtviz.models.base import FusionModel
from vtviz.watch import Watch

STEPS, RANKINGS, CHUNK = 8, 3, 8


@dataclass(frozen=True)
class Faithfulness:
    """Curves of the model's answer over the share of patches, ``[steps + 1]``; the random ones ``[rankings, steps +
    1]``. ``about`` is the fingerprint of the explanation, and ``fill`` what stood in for patches."""

    insertion: np.ndarray
    deletion: np.ndarray
    random_insertion: np.ndarray
    random_deletion: np.ndarray
    about: str
    fill: Fill

    @property
    def figures(self) -> dict[str, float]:
        """Areas under the curves, by name; those of the random rankings are means."""
        return {
            "insertion": area(self.insertion),
            "deletion": area(self.deletion),
            "random_insertion": float(np.mean([area(curve) for curve in self.random_insertion])),
            "random_deletion": float(np.mean([area(curve) for curve in self.random_deletion])),
        }

    @property
    def notes(self) -> Notes:
        """What the engine's log keeps of it: figures of other fills do not compare."""
        return Notes(about=self.about, figures=self.figures) if self.fill == FILLS[0] else Notes()


@dataclass(frozen=True)
class MeasureFaithfulness(AttributionRequest):
    """Adds and takes away the patches of an explanation in 8 steps, and those of 3 random rankings.

    ``fill`` stands in for patches. The answer is None where the map is flat, so that there is nothing to rank.
    """

    fill: Fill = "blur"

    @property
    def key(self) -> str:
        return f"{self.of.fingerprint} {self.fill}"

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Faithfulness | None:
        scores = self.of.relevance.image.ravel()
        if np.ptp(scores) == 0:
            return None
        kept = self._kept(scores)
        case = Case(model, self.of.image, [self.of.text], self.of.target)
        masked = Masked(case, self.fill, watch.quietly())
        watch.enter("faithfulness", len(kept))
        values: list[np.ndarray] = []
        for start in range(0, len(kept), CHUNK):
            values.append(masked.without_patches(kept[start : start + CHUNK]))
            watch.step(min(start + CHUNK, len(kept)), len(kept))
        added, taken = np.concatenate(values).reshape(2, RANKINGS + 1, STEPS + 1)
        return Faithfulness(added[0], taken[0], added[1:], taken[1:], self.of.fingerprint, self.fill)

    def _kept(self, scores: np.ndarray) -> np.ndarray:
        """The patches that are shown, ``[2 (rankings + 1) (steps + 1), patches]``: first added, then taken away."""
        rng = np.random.default_rng(self.of.seed)
        rankings = [scores, *(rng.random(len(scores)) for _ in range(RANKINGS))]
        kept = np.concatenate([prefixes(ranking, STEPS) for ranking in rankings])
        return np.concatenate([kept, ~kept])
