"""What an audit is at: the row that it measured last with its heatmap, and the figures so far, in a file of its folder
that whoever looks on can read from any process."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from vtviz.audit.requests import Measured, beside
from vtviz.audit.rows.store import RowStore
from vtviz.audit.settings import Settings
from vtviz.files import JSON_BYTES, read_bytes, write_atomically
from vtviz.inputs import InputError
from vtviz.manifests.read import Row

NOW = "now.json"
EVERY = 1.0  # seconds between two moments that are written; none costs a pass
Figures = dict[str, dict[str, dict[str, float]]]  # by model, method and metric


@dataclass(frozen=True)
class Moment:
    """The row that was measured last: its number, the name of its photo, its text, the model with its ``score`` and
    whether it accepts the text (None where it has no threshold), and ``picture``, a JPEG of the photo beside the
    heatmap of ``method``. ``figures`` are means over the ``rows`` that were measured so far."""

    row: int
    image: str
    text: str
    model: str
    score: float
    accepted: bool | None
    method: str
    picture: bytes
    rows: int
    figures: Figures = field(default_factory=dict)


class Live:
    """Keeps the moment of an audit up to date.

    Args:
        folder: of the audit.
        settings: of the audit.
        store: the rows on disk, from which an audit that goes on has its first figures.
        known: the models and rows of it that count.
    """

    def __init__(self, folder: Path, settings: Settings, store: RowStore, known: set[tuple[str, int]]) -> None:
        self._file, self._metrics = folder / NOW, settings.metrics
        self._sums: dict[tuple[str, str, str], tuple[float, int]] = {}
        self._rows, self._written = len(known), -EVERY
        if known:
            records = {
                (model, row, method): values
                for model, row, method, *values in store.read(["model", "row", "method", *self._metrics])
                if (model, row) in known
            }
            for (model, _, method), values in records.items():
                self._add(model, method, dict(zip(self._metrics, values, strict=True)))

    def take(self, row: Row, measured: Measured, threshold: float | None) -> None:
        """Counts a row in, and writes the moment where the last one is old enough. A disk that is full or a photo that
        is gone is not told of here: the rows themselves will."""
        for record in measured.records:
            self._add(record["model"], record["method"], record)
        self._rows += 1
        if time.monotonic() - self._written < EVERY:
            return
        with suppress(OSError, UnicodeEncodeError, InputError):
            write_atomically(self._file, msgspec.json.encode(self._moment(row, measured, threshold)))
        self._written = time.monotonic()

    def _moment(self, row: Row, measured: Measured, threshold: float | None) -> Moment:
        first = measured.records[0]
        return Moment(
            row.number,
            row.image.name,
            row.text,
            first["model"],
            float(first["score"]),
            None if threshold is None else float(first["score"]) >= threshold,
            first["method"],
            beside(row.photo(), measured.frame, measured.map),
            self._rows,
            self._figures(),
        )

    def _add(self, model: str, method: str, values: dict[str, Any]) -> None:
        for metric in self._metrics:
            if (value := values.get(metric)) is not None:
                total, count = self._sums.get((model, method, metric), (0.0, 0))
                self._sums[model, method, metric] = total + float(value), count + 1

    def _figures(self) -> Figures:
        result: Figures = {}
        for (model, method, metric), (total, count) in self._sums.items():
            result.setdefault(model, {}).setdefault(method, {})[metric] = total / count
        return result


def moment_of(folder: Path) -> Moment | None:
    """What the audit of a folder is at, or was when it stopped; None where it has measured nothing yet, or is done."""
    try:
        return msgspec.json.decode(read_bytes(folder / NOW, JSON_BYTES), type=Moment)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None


def forget(folder: Path) -> None:
    """Removes the moment of an audit that is done: its report says it all."""
    (folder / NOW).unlink(missing_ok=True)
