"""The model itself, before a word about explanations: is it right on these rows?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from vtviz.audit.report.table import Columns, Table, groups_of
from vtviz.audit.report.truth import Truth
from vtviz.audit.requests import About
from vtviz.audit.settings import RANDOM
from vtviz.evaluation.figures.reliability import calibration
from vtviz.evaluation.figures.resample import resampled_confusion
from vtviz.evaluation.figures.scored import Scored
from vtviz.evaluation.figures.table import estimate, figures_at, ranking_figures

FIGURES = ("accuracy", "auc", "f1", "ece")


def model_figures(path: Path, table: Table, truth: Truth, seed: int) -> dict[str, Any]:
    """For each model its figures over ``all`` rows and by group: ``accuracy``, ``auc``, ``f1`` of the match and ``ece``
    with intervals over resampled photos (None where a figure has no meaning), how many pairs were ``matches`` and
    ``mismatches``, and how many of the matches it ``rejected``. The wrong texts that were scored too belong to the
    groups of their photos."""
    result = {}
    for model, method in table:
        if method == RANDOM and model in truth.models:
            about, pairs = truth.models[model], _pairs(path, model, table[model, method], truth)
            scored, groups = pairs
            result[model] = {
                "threshold": about.threshold,
                "score_kind": about.score_kind,
                "all": _figures(scored, about, seed),
                "groups": {group: _figures(scored.where(groups == group), about, seed) for group in groups_of(table)},
            }
    return result


def _pairs(path: Path, model: str, columns: Columns, truth: Truth) -> tuple[Scored, np.ndarray]:
    """Every pair that a model scored, and its group ``[n]``: the rows, then the wrong texts."""
    good = ~np.isnan(columns["score"])
    scores, labels = [columns["score"][good]], [truth.labels_of(columns)[good]]
    photos, groups = [columns["image_sha256"][good]], [columns["group"][good]]
    for row, values in _wrong_scores(path, model).items():
        place = np.flatnonzero(good & (columns["row"] == row))
        if len(place):
            scores.append(np.array(values, dtype=float))
            labels.append(np.zeros(len(values), dtype=bool))
            photos.append(np.repeat(columns["image_sha256"][place], len(values)))
            groups.append(np.repeat(columns["group"][place], len(values)))
    names, owners = np.unique(np.concatenate(photos), return_inverse=True)
    return Scored(np.concatenate(scores), np.concatenate(labels), owners, len(names)), np.concatenate(groups)


def _wrong_scores(path: Path, model: str) -> dict[int, list[float]]:
    """The scores of the wrong texts of each row that has some."""
    if "wrong_scores" not in pq.read_schema(path).names:
        return {}
    filters = [("model", "=", model), ("method", "=", RANDOM), ("status", "=", "ok")]
    found = pq.read_table(path, columns=["row", "wrong_scores"], filters=filters).sort_by("row")
    pairs = zip(found["row"].to_pylist(), found["wrong_scores"].to_pylist(), strict=True)
    return {row: values for row, values in pairs if values}


def _figures(scored: Scored, about: About, seed: int) -> dict[str, Any]:
    matches = int(scored.labels.sum())
    both = 0 < matches < len(scored)
    counts = {"pairs": len(scored), "matches": matches, "mismatches": len(scored) - matches}
    figures: dict[str, Any] = dict.fromkeys(FIGURES)
    if both:
        figures["auc"] = ranking_figures(scored, seed)["auc"]
    if both and about.score_kind == "probability":
        own, resampled = calibration(scored, seed)
        figures["ece"] = estimate(own, resampled)
    if about.threshold is None or not len(scored):
        return {**counts, "rejected": None, **figures}
    if both:
        found = figures_at(scored, about.threshold, seed)
        figures["accuracy"], figures["f1"] = found["accuracy"], found["match"]["f1"]
    else:
        accuracy = resampled_confusion(scored, about.threshold, seed).accuracy
        right = (scored.scores >= about.threshold) == scored.labels
        figures["accuracy"] = estimate(right.mean(), accuracy)
    rejected = int(((scored.scores < about.threshold) & scored.labels).sum())
    return {**counts, "rejected": rejected, **figures}
