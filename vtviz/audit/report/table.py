"""What one method on one model measured, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from vtviz.audit.report.statistics import interval
from vtviz.metrics.registry import metrics

Columns = dict[str, np.ndarray]
Table = dict[tuple[str, str], Columns]  # by model and method


def read_table(path: Path, metrics: Sequence[str]) -> Table:
    """The columns of every model and method, each in the order of the rows: ``row``, ``status``, ``group``,
    ``image_sha256``, ``score`` and the metrics (NaN where one was not measured)."""
    table = pq.read_table(path, columns=["model", "method"])
    pairs = list(dict.fromkeys(zip(table["model"].to_pylist(), table["method"].to_pylist(), strict=True)))
    return {key: _columns(path, *key, metrics) for key in pairs}


def _columns(path: Path, model: str, method: str, metrics: Sequence[str]) -> Columns:
    wanted = ["row", "status", "group", "image_sha256", "score", *metrics]
    table = pq.read_table(path, columns=wanted, filters=[("model", "=", model), ("method", "=", method)])
    table = table.sort_by("row")
    numbers = {name: table[name].to_numpy().astype(float) for name in ("score", *metrics)}
    words = {name: np.array(table[name].to_pylist(), dtype=object) for name in ("status", "group", "image_sha256")}
    rows = table["row"].to_numpy()
    return {**numbers, **words, "row": rows, "image_sha256": words["image_sha256"].astype(str)}


def groups_of(table: Table) -> list[str]:
    """The groups that rows belong to, by name."""
    return sorted({str(group) for columns in table.values() for group in columns["group"]} - {""})


def mean_of(columns: Columns, name: str, seed: int, chosen: np.ndarray | None = None) -> dict[str, Any] | None:
    """The mean of a column with its interval, over the ``chosen [n]`` rows; None where none has a value."""
    values, clusters = columns[name], columns["image_sha256"]
    if chosen is not None:
        values, clusters = values[chosen], clusters[chosen]
    known = metrics().get(name)
    result = interval(values, clusters, seed, known.span if known else None)
    return asdict(result) if result else None
