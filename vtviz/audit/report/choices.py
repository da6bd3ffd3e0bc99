"""Does the order of the methods depend on how patches were removed?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from scipy.stats import kendalltau

from vtviz.audit.rows.choices import CURVES, choices_of
from vtviz.audit.settings import Settings
from vtviz.metrics.registry import find_metric

COLUMN = "choices"


def choice_order(path: Path, model: str, methods: Sequence[str], settings: Settings) -> dict[str, Any] | None:
    """For insertion and deletion the ``means`` of the methods under each choice of fill and steps, over rows that have
    all of them, and their order from the best; whether the order is the ``same`` everywhere, the share of choices under
    which the ``best`` method is that of the audit's own choice, and the lowest rank correlation ``tau`` (Kendall's) of
    an order with that one. None where this was not measured, or there is one method."""
    if len(methods) < 2 or COLUMN not in pq.read_schema(path).names:
        return None
    values = np.array([_values(path, model, method) for method in methods], dtype=float)  # [methods, rows, choices]
    values = values[:, ~np.isnan(values).any(axis=(0, 2))]
    if not values.size:
        return None
    means, listed = values.mean(axis=1), choices_of(settings)
    result: dict[str, Any] = {"rows": int(values.shape[1])}
    for name in CURVES:
        sign = 1.0 if find_metric(name).direction == "higher" else -1.0
        own = means[:, listed.index((name, settings.fill, settings.steps))]
        found: list[dict[str, Any]] = [
            {"fill": fill, "steps": steps, "means": dict(zip(methods, means[:, place].tolist(), strict=True))}
            | {"order": [methods[i] for i in np.argsort(-sign * means[:, place], kind="stable")]}
            for place, (metric, fill, steps) in enumerate(listed)
            if metric == name
        ]
        order = next(
            item["order"] for item in found if (item["fill"], item["steps"]) == (settings.fill, settings.steps)
        )
        taus = [float(kendalltau(own, [item["means"][method] for method in methods]).statistic) for item in found]
        result[name] = {
            "choices": found,
            "same": all(item["order"] == order for item in found),
            "best": sum(item["order"][0] == order[0] for item in found) / len(found),
            "tau": min(taus) if not np.isnan(taus).any() else None,
        }
    return result


def _values(path: Path, model: str, method: str) -> list[list[float]]:
    filters = [("model", "=", model), ("method", "=", method), ("status", "=", "ok")]
    table = pq.read_table(path, columns=["row", COLUMN], filters=filters).sort_by("row")
    values: list[list[float]] = table[COLUMN].to_pylist()
    return values
