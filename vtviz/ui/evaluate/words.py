"""Figures and names of the Evaluate page as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping

from vtviz.evaluation.runs.evaluation import Evaluation
from vtviz.ui.frame.language import plain, say_or
from vtviz.ui.frame.scores import score_name

NOTHING = "–"


def figure(estimate: Mapping[str, float | None], digits: int = 3) -> str:
    """A figure with its interval: ``0.682 [0.565, 0.867]``."""
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    if value is None:
        return NOTHING
    shown = f"{value:.{digits}f}"
    return shown if low is None or high is None else f"{shown} [{low:.{digits}f}, {high:.{digits}f}]"


def number(value: float | None, digits: int = 3) -> str:
    """A number, or a dash where there is none."""
    return NOTHING if value is None else f"{value:.{digits}f}"


def key_name(key: str) -> str:
    """What pairs are grouped by: the catalogue's word for what vtviz read itself, else the column's own name."""
    return say_or(f"evaluate.key.{key.removeprefix(':')}", key) if key.startswith(":") else key


def value_name(key: str, value: str) -> str:
    """A value of such a key."""
    return say_or(f"evaluate.value.{value}", value) if key.startswith(":") else value


def model_name(evaluation: Evaluation) -> str:
    """The model of an evaluation, as Markdown takes it."""
    return plain(evaluation.scorer.model)


def score_word(evaluation: Evaluation) -> str:
    """What its scores are called."""
    return score_name(evaluation.scorer.score_kind)
