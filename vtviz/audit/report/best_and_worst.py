"""The rows on which an explanation did best and worst, with pictures."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from vtviz.audit.requests import About, DrawCase
from vtviz.audit.settings import Settings
from vtviz.files import write_atomically
from vtviz.inputs import InputError
from vtviz.jobs.door import Door
from vtviz.manifests.read import Row
from vtviz.metrics.registry import find_metric
from vtviz.models.base import ModelError
from vtviz.watch import Watch

SHOWN = 3
PICTURES = "cases"


def pick_cases(path: Path, settings: Settings, models: Sequence[About]) -> dict[str, Any]:
    """``[model][method]`` to ``by``, what was compared, and ``best`` and ``worst``: rows with their values.

    Compared is insertion less deletion over patches where both were measured, otherwise the first metric that has a
    better direction.
    """
    result: dict[str, Any] = {}
    for model in models:
        for method in model.methods:
            filters = [("model", "=", model.name), ("method", "=", method), ("status", "=", "ok")]
            columns = ["row", "image", "text", "score", *settings.metrics]
            table = pq.read_table(path, columns=columns, filters=filters).sort_by("row")
            by, values = _compared(table, settings)
            order = [int(i) for i in np.argsort(-values, kind="stable") if np.isfinite(values[i])]
            count = min(SHOWN, len(order) // 2)
            best, worst = order[:count], order[::-1][:count]
            rows = {
                name: [
                    {
                        **table.slice(i, 1).to_pylist()[0],
                        "value": float(values[i]),
                        "picture": _name(model.name, method, table, i),
                    }
                    for i in places
                ]
                for name, places in (("best", best), ("worst", worst))
            }
            result.setdefault(model.name, {})[method] = {"by": by, **rows}
    return result


def _compared(table: Any, settings: Settings) -> tuple[str, np.ndarray]:
    if {"insertion", "deletion"} <= set(settings.metrics):
        gap = table["insertion"].to_numpy().astype(float) - table["deletion"].to_numpy().astype(float)
        return "insertion − deletion", gap
    for name in settings.metrics:
        direction = find_metric(name).direction
        if direction != "none":
            return name, table[name].to_numpy().astype(float) * (1.0 if direction == "higher" else -1.0)
    return "", np.full(table.num_rows, np.nan)


def _name(model: str, method: str, table: Any, place: int) -> str:
    safe = "".join(c if c.isalnum() else "-" for c in f"{model}-{method}")
    return f"{safe}-{table['row'][place].as_py()}.jpg"


def draw_cases(folder: Path, cases: dict[str, Any], rows: Sequence[Row], door: Door, watch: Watch) -> None:
    """Draws the map of every case over its photo, beside the photo, into the folder."""
    by_number = {row.number: row for row in rows}
    (folder / PICTURES).mkdir(exist_ok=True)
    for model, methods in cases.items():
        for method, result in methods.items():
            for case in (*result["best"], *result["worst"]):
                file = folder / PICTURES / case["picture"]
                if not file.is_file():
                    row = by_number[case["row"]]
                    try:
                        drawn = door(DrawCase(model, method, row.photo(), row.text), watch.quietly())
                    except (InputError, ModelError) as error:  # the photo is gone since it was measured
                        logging.getLogger("vtviz").warning("row %d is not drawn: %s", row.number, error)
                    else:
                        write_atomically(file, drawn)
