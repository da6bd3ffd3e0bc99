"""The model itself, before a word about explanations: is it right on these rows?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from vtviz.audit.report.estimates import accuracy_estimate, auc_estimate, ece_estimate, f1_estimate
from vtviz.audit.report.table import Columns, Table
from vtviz.audit.report.truth import Truth
from vtviz.audit.requests import About
from vtviz.audit.settings import RANDOM
from vtviz.evaluation.figures.scored import Scored

FIGURES = ("accuracy", "auc", "f1", "ece")


@dataclass(frozen=True, eq=False)
class Pairs:
    """Every pair of a photo and a text that a model scored, and its group ``[n]``: the rows, then the wrong texts."""

    scored: Scored
    groups: np.ndarray


def scored_pairs(path: Path, table: Table, truth: Truth) -> dict[str, Pairs]:
    """The pairs of each model. The wrong texts that were scored too belong to the groups of their photos."""
    return {
        model: _pairs(path, model, columns, truth)
        for (model, method), columns in table.items()
        if method == RANDOM and model in truth.models
    }


def model_figures(pairs: Mapping[str, Pairs], groups: Sequence[str], truth: Truth, seed: int) -> dict[str, Any]:
    """For each model its figures over ``all`` rows and by group: ``accuracy``, ``auc``, ``f1`` of the match and ``ece``
    with intervals over photos (None where a figure has no meaning), how many ``pairs`` of how many ``photos`` there
    are, how many were ``matches`` and ``mismatches``, and how many of the matches it ``rejected``."""
    result = {}
    for model, own in pairs.items():
        about = truth.models[model]
        result[model] = {
            "threshold": about.threshold,
            "score_kind": about.score_kind,
            "all": _figures(own.scored, about, seed),
            "groups": {group: _figures(own.scored.where(own.groups == group), about, seed) for group in groups},
        }
    return result


def _pairs(path: Path, model: str, columns: Columns, truth: Truth) -> Pairs:
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
    return Pairs(Scored(np.concatenate(scores), np.concatenate(labels), owners, len(names)), np.concatenate(groups))


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
    counts["photos"] = len(np.unique(scored.photos))
    figures: dict[str, Any] = dict.fromkeys(FIGURES)
    if both:
        figures["auc"] = auc_estimate(scored, seed)
    if both and about.score_kind == "probability":
        figures["ece"] = ece_estimate(scored, seed)
    if about.threshold is None or not len(scored):
        return {**counts, "rejected": None, **figures}
    figures["accuracy"] = accuracy_estimate(scored, about.threshold)
    if both:
        figures["f1"] = f1_estimate(scored, about.threshold)
    rejected = int(((scored.scores < about.threshold) & scored.labels).sum())
    return {**counts, "rejected": rejected, **figures}
