"""Do the methods agree with each other, and on which rows least?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from vtviz.audit.settings import RANDOM

SHOWN = 3  # rows of most disagreement
COLUMN = "agreement"


def method_agreement(path: Path, model: str, methods: Sequence[str]) -> dict[str, Any] | None:
    """How far the maps of a model's methods agree over the rows: the mean rank correlation ``rank`` and the mean
    overlap of the highest 20 % ``overlap``, each ``[methods][methods]`` (None where no row has both), and the ``rows``
    on which two methods agree least. None where this was not measured, or there is one method."""
    pairs = list(combinations(range(len(methods)), 2))
    if not pairs or COLUMN not in pq.read_schema(path).names:
        return None
    filters = [("model", "=", model), ("method", "=", RANDOM), ("status", "=", "ok")]
    columns = ["row", "image", "text", COLUMN]
    rows = [
        row for row in pq.read_table(path, columns=columns, filters=filters).sort_by("row").to_pylist() if row[COLUMN]
    ]
    if not rows:
        return None
    values = np.array([row[COLUMN] for row in rows], dtype=float).reshape(len(rows), len(pairs), 2)
    rank, overlap = (_matrix(values[..., kind], pairs, len(methods)) for kind in (0, 1))
    return {
        "methods": list(methods),
        "rank": rank,
        "overlap": overlap,
        "rows": _least(rows, values[..., 0], pairs, methods),
    }


def _matrix(values: np.ndarray, pairs: list[tuple[int, int]], count: int) -> list[list[float | None]]:
    """The means over rows of ``values [rows, pairs]``, ``[methods][methods]``, 1 on the diagonal."""
    matrix: list[list[float | None]] = [[1.0 if i == j else None for j in range(count)] for i in range(count)]
    for place, (i, j) in enumerate(pairs):
        known = values[~np.isnan(values[:, place]), place]
        matrix[i][j] = matrix[j][i] = float(known.mean()) if len(known) else None
    return matrix


def _least(
    rows: list[dict[str, Any]], values: np.ndarray, pairs: list[tuple[int, int]], methods: Sequence[str]
) -> list[dict[str, Any]]:
    """The rows with the lowest rank correlation ``values [rows, pairs]`` of any two methods, the lowest first."""
    filled = np.where(np.isnan(values), np.inf, values)
    lowest, which = filled.min(axis=1), filled.argmin(axis=1)
    order = [int(i) for i in np.argsort(lowest, kind="stable") if np.isfinite(lowest[i])][:SHOWN]
    return [
        {
            **{name: rows[i][name] for name in ("row", "image", "text")},
            "rank": float(lowest[i]),
            "methods": [methods[place] for place in pairs[which[i]]],
        }
        for i in order
    ]
