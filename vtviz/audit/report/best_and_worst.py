"""The rows on which an explanation did best and worst, with pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.audit.manifest import Row
from vtviz.audit.models import About, Door
from vtviz.audit.row import read_photo, target_of
from vtviz.audit.settings import Settings
from vtviz.inputs import framed
from vtviz.metrics.registry import find_metric
from vtviz.models.base import FusionModel
from vtviz.render.overlay import overlay, scaled_photo, to_jpeg

SHOWN = 3
PICTURES, SIDE = "cases", 320


def pick_cases(path: Path, settings: Settings, models: Sequence[About]) -> dict[str, Any]:
    """``[model][method]`` to ``by``, what was compared, and ``best`` and ``worst``: rows with their values.

    Compared is insertion less deletion over patches where both were measured, otherwise the first metric that has a
    better direction.
    """
    found: dict[str, Any] = {}
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
            found.setdefault(model.name, {})[method] = {"by": by, **rows}
    return found


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


def draw_cases(folder: Path, cases: dict[str, Any], rows: Sequence[Row], door: Door) -> None:
    """Draws the map of every case over its photo, beside the photo, into the folder."""
    by_number = {row.number: row for row in rows}
    (folder / PICTURES).mkdir(exist_ok=True)
    for model, methods in cases.items():
        for method, found in methods.items():
            for case in (*found["best"], *found["worst"]):
                file = folder / PICTURES / case["picture"]
                if not file.is_file():
                    file.write_bytes(door(model, partial(_draw, method=method, row=by_number[case["row"]])))


def _draw(model: FusionModel, method: str, row: Row) -> bytes:
    image = read_photo(row)
    relevance = attribute_case(Case(model, image, [row.text], target_of(model)), method)[0]
    seen = framed(image, model.frame(image))
    photo = scaled_photo(seen, SIDE)
    both = photo.copy().resize((photo.width * 2 + 6, photo.height))
    both.paste("white", (0, 0, *both.size))
    both.paste(photo, (0, 0))
    both.paste(overlay(seen, relevance.image.clip(min=0.0), max_side=SIDE), (photo.width + 6, 0))
    return to_jpeg(both, 82)
