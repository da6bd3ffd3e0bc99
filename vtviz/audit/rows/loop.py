"""An audit from its manifest to its rows: resumable, cancellable, with progress."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

from vtviz.audit.live import Live
from vtviz.audit.requests import About, Measured, MeasureRow
from vtviz.audit.rows.row import failed_row
from vtviz.audit.rows.store import RowStore
from vtviz.audit.rows.wrong_texts import wrong_texts
from vtviz.audit.settings import Settings
from vtviz.files import read_bytes
from vtviz.inputs import MAX_BYTES, InputError
from vtviz.jobs.door import Door
from vtviz.jobs.many import Many
from vtviz.manifests.read import Row
from vtviz.models.base import ModelError
from vtviz.watch import Cancelled, Watch

FLUSH_SECONDS = 10.0
FLUSH_ROWS = 32


def measure_rows(
    store: RowStore, rows: Sequence[Row], settings: Settings, models: Sequence[About], many: Many, watch: Watch
) -> None:
    """Measures every row that is not on disk yet, that failed, or whose photo was replaced. Rows that fail are recorded
    with the reason. The folder always says which row was measured last (see ``live``).

    Raises:
        Cancelled: if the watch says so; what was measured stays on disk.
    """
    known = _still_true(store.done(), rows)
    watch.enter("rows", len(rows) * len(models), len(known))
    flushed, waiting = time.monotonic(), 0
    live = Live(store.folder, settings, store, known)
    others = wrong_texts(rows, settings.wrong_texts)
    left = [(model, row) for model in models for row in rows if (model.name, row.number) not in known]
    tasks = [partial(_measured, model, row, settings, others.get(row.number, ())) for model, row in left]
    try:
        for (model, row), found in zip(left, many(tasks, watch), strict=True):
            if isinstance(found, Measured):
                live.take(row, found, model.threshold)
                records = found.records
            else:
                records = failed_row(row, model.name, model.methods, str(found))
            store.add(records)
            waiting += 1
            if waiting >= FLUSH_ROWS or time.monotonic() - flushed > FLUSH_SECONDS:
                store.flush()
                flushed, waiting = time.monotonic(), 0
            watch.advance(failed=int(records[0]["status"] == "failed"))
    finally:
        store.flush()


def _still_true(done: dict[tuple[str, int], str], rows: Sequence[Row]) -> set[tuple[str, int]]:
    """The models and rows whose photo is the one that was measured."""
    by_number = {row.number: row.image for row in rows}

    @cache
    def sha256(path: Path) -> str:
        try:
            return hashlib.sha256(read_bytes(path, MAX_BYTES)).hexdigest()
        except (OSError, ValueError):
            return ""

    return {key for key, measured in done.items() if key[1] in by_number and sha256(by_number[key[1]]) == measured}


def _measured(
    model: About, row: Row, settings: Settings, others: tuple[str, ...], door: Door, watch: Watch
) -> Measured | str:
    """A row's records and map, or why there are none."""
    try:
        measured: Measured = door(MeasureRow(model.name, row, row.photo(), settings, others), watch)
        return measured
    except Cancelled:
        raise
    except (InputError, ModelError) as error:
        return str(error)
    except Exception as error:  # one row must not end an audit of a night, whatever is wrong with it
        logging.getLogger("vtviz").exception("row %d", row.number)
        return f"{type(error).__name__}: {error}"
