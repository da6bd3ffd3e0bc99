"""Scores as every page shows them: a match in per cent only where it is a probability."""

from __future__ import annotations

from dataclasses import dataclass

from vtviz.engine.explanation import Explanation
from vtviz.models.base import ScoreKind
from vtviz.ui.frame.language import say


def score_name(kind: ScoreKind) -> str:
    """What scores of a kind are called."""
    return say("answer.score" if kind == "probability" else f"model.score_{kind}")


CERTAIN = 0.005  # what would be rounded to 0% or 100%


@dataclass(frozen=True)
class Score:
    """A model's answer as a number; ``calibrated`` says that a threshold goes with it."""

    value: float
    kind: ScoreKind = "probability"
    calibrated: bool = True

    @classmethod
    def of(cls, explanation: Explanation) -> Score:
        return cls(explanation.score, explanation.score_kind, explanation.threshold is not None)

    @property
    def name(self) -> str:
        return score_name(self.kind)

    @property
    def meaning(self) -> str:
        """What the number says, in a sentence or two."""
        return say("answer.score_help" if self.kind == "probability" else f"model.score_{self.kind}_help")

    @property
    def text(self) -> str:
        """The value: per cent of a probability, with two decimals where the model gives almost none to any text. No
        calibrated probability is shown as certain."""
        if self.kind != "probability":
            return f"{self.value:.3f}"
        if self.calibrated and not CERTAIN <= self.value < 1.0 - CERTAIN:
            return "<1%" if self.value < CERTAIN else ">99%"
        return f"{self.value:.{self._decimals}%}"

    def change_from(self, other: Score) -> str | None:
        """How far it is from another score, in points between probabilities; None where they are equal or of different
        kinds."""
        if self.kind != other.kind:
            return None
        difference = self.value - other.value
        if self.kind != "probability":
            return f"{difference:+.3f}" if round(difference, 3) else None
        decimals = max(self._decimals, other._decimals)
        if round(100 * difference, decimals) == 0:
            return None
        return say("compare.points", points=f"{100 * difference:+.{decimals}f}")

    @property
    def _decimals(self) -> int:
        return 0 if self.calibrated else 2
