"""The charts of the report as the points and bars of SVG drawings, ``SIDE`` units wide and high."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vtviz.evaluation.figures.confusion import CATEGORIES, Confusion, at_every_threshold, at_threshold
from vtviz.evaluation.figures.ranking import thinned
from vtviz.evaluation.figures.reliability import Reliability
from vtviz.evaluation.figures.scored import Scored

SIDE, BINS, POINTS = 240, 20, 160


@dataclass(frozen=True)
class Drawing:
    """``lines`` are points for ``<polyline>`` by category; ``dots`` x, y, radius and category; ``bars`` x, y, width,
    height and category; ``at`` is the x of the threshold."""

    name: str
    x: str
    y: str
    lines: tuple[tuple[str, str], ...] = ()
    dots: tuple[tuple[float, float, float, str], ...] = ()
    bars: tuple[tuple[float, float, float, float, str], ...] = ()
    diagonal: bool = False
    at: float | None = None
    ends: tuple[str, str] = ("0", "1")


def drawings(scored: Scored, threshold: float, found: Reliability | None) -> list[Drawing]:
    """ROC, precision and recall, the scores, and the reliability diagram where scores are probabilities."""
    every, now = at_every_threshold(scored)[1], at_threshold(scored, threshold)
    drawn = [_roc(every, now), _precision_recall(every, now), _histogram(scored, threshold, found is not None)]
    return drawn if found is None else [*drawn, _reliability(found)]


def _roc(every: Confusion, now: Confusion) -> Drawing:
    lines = ((_points(every.fall_out, every.recall), "match"),)
    return Drawing(
        "roc", "fall_out", "recall_of_match", lines, (_dot(now.fall_out, now.recall, "match"),), diagonal=True
    )


def _precision_recall(every: Confusion, now: Confusion) -> Drawing:
    lines, dots = [], []
    for name in CATEGORIES:
        own, mark = every.of(name), now.of(name)
        known = ~np.isnan(own.precision)
        lines.append((_points(own.recall[known], own.precision[known]), name))
        dots += [] if np.isnan(mark.precision + mark.recall) else [_dot(mark.recall, mark.precision, name)]
    return Drawing("pr", "recall", "precision", tuple(lines), tuple(dots))


def _histogram(scored: Scored, threshold: float, unit: bool) -> Drawing:
    low, high = (0.0, 1.0) if unit else (float(scored.scores.min()), float(scored.scores.max()) + 1e-9)
    edges = np.linspace(low, high, BINS + 1)
    shares = {
        name: np.histogram(scored.scores[own], edges)[0] / max(int(own.sum()), 1)
        for name, own in zip(CATEGORIES, (scored.labels, ~scored.labels), strict=True)
    }
    top, wide = max(float(values.max()) for values in shares.values()), SIDE / BINS
    bars = [
        (bin * wide + index * wide / 2, SIDE * (1 - value / top), wide / 2 - 0.5, SIDE * value / top, name)
        for index, (name, values) in enumerate(shares.items())
        for bin, value in enumerate(values.tolist())
    ]
    at = SIDE * (min(max(threshold, low), high) - low) / (high - low)
    return Drawing("histogram", "score", "share", bars=tuple(bars), at=at, ends=(f"{low:.2g}", f"{high:.2g}"))


def _reliability(found: Reliability) -> Drawing:
    full = found.counts > 0
    x, y, counts = found.probability[full], found.matches[full], found.counts[full]
    radii = 2.5 + 8 * np.sqrt(counts / counts.max())
    dots = tuple((*_place(px, py), float(r), "match") for px, py, r in zip(x, y, radii, strict=True))
    return Drawing("reliability", "probability", "matches", ((_points(x, y), "match"),), dots, diagonal=True)


def _points(x: np.ndarray, y: np.ndarray) -> str:
    known = ~np.isnan(x + y)
    places = (_place(*point) for point in zip(*thinned(x[known], y[known], POINTS), strict=True))
    return " ".join(f"{px:.1f},{py:.1f}" for px, py in places)


def _dot(x: np.ndarray, y: np.ndarray, name: str) -> tuple[float, float, float, str]:
    return (*_place(float(np.nan_to_num(x)), float(np.nan_to_num(y))), 5.0, name)


def _place(x: float, y: float) -> tuple[float, float]:
    """A point of the unit square in the drawing, whose y grows downwards."""
    return float(x) * SIDE, (1 - float(y)) * SIDE
