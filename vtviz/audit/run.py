"""An audit from its manifest to its rows: resumable, cancellable, with progress."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from vtviz.attribution.registry import find_method
from vtviz.attribution.watch import Watch
from vtviz.audit.manifest import Manifest, Row
from vtviz.audit.measure import failed_row, measure_row, target_of
from vtviz.audit.rows import RowStore
from vtviz.audit.settings import Settings
from vtviz.inputs import InputError
from vtviz.models.base import FusionModel, ModelError

RUN = "audit.json"
FLUSH_SECONDS = 10.0
FLUSH_ROWS = 32

Value = TypeVar("Value")


class Door(Protocol):
    """The way to a model: runs ``work`` with the model of a name, while nobody else runs it."""

    def __call__(self, name: str, work: Callable[[FusionModel], Value], /) -> Value: ...


@dataclass(frozen=True)
class Progress:
    """Steps of a stage done and in all, rows that failed so far, and the seconds left of the stage where they can be
    told. The stages are ``rows`` (of every model), ``checks`` (sanity and heads) and ``report``."""

    stage: str
    done: int
    total: int
    failed: int = 0
    seconds_left: float | None = None


@dataclass(frozen=True)
class About:
    """A model and its methods, as the report names them."""

    name: str
    weights_sha256: str
    device: str
    methods: tuple[str, ...]


def look_up(settings: Settings, door: Door) -> list[About]:
    """The models of an audit with their methods.

    Raises:
        InputError: if a method is not defined for a model.
        ModelError: if a model cannot be loaded.
    """

    def about(model: FusionModel) -> tuple[str, str, tuple[str, ...]]:
        methods = settings.methods_of(model)
        for method in methods:
            reason = find_method(method).supports(model.abilities, target_of(model).kind)
            if reason:
                raise reason
        return model.weights_sha256, str(model.device), methods

    return [About(name, *door(name, about)) for name in settings.models]


def claim_folder(folder: Path, manifest: Manifest, settings: Settings, models: Sequence[About]) -> None:
    """Notes in a folder whose audit it holds, so that only the same audit goes on there.

    Raises:
        InputError: if it holds another one.
    """
    mine = {
        "manifest_sha256": manifest.sha256,
        "settings": settings.to_dict(),
        "weights_sha256": [model.weights_sha256 for model in models],
    }
    file = folder / RUN
    if file.is_file():
        try:
            theirs = json.loads(file.read_text(encoding="utf-8"))
        except json.JSONDecodeError:
            theirs = None
        if theirs != mine:
            raise InputError(
                "The folder {folder} holds an audit with other inputs or settings; choose another folder.",
                folder=folder,
            )
    else:
        new = file.with_suffix(".new")
        new.write_text(json.dumps(mine, indent=2), encoding="utf-8")
        os.replace(new, file)


class Clock:
    """Tells the steps of each stage, and the time that the rest of it will take at the pace so far."""

    def __init__(self, progress: Callable[[Progress], None]) -> None:
        self._tell, self._failed = progress, 0

    def enter(self, stage: str, done: int, total: int, failed: int = 0) -> None:
        """A stage begins; some of its steps may have been done before."""
        self._now, self._first, self._began = (
            Progress(stage, done, total, self._failed + failed),
            done,
            time.monotonic(),
        )
        self._failed = self._now.failed
        self._tell(self._now)

    def step(self, failed: int = 0) -> None:
        """One more is done."""
        self._failed += failed
        done = self._now.done + 1
        left = (time.monotonic() - self._began) / (done - self._first) * (self._now.total - done)
        self._now = replace(self._now, done=done, failed=self._failed, seconds_left=left)
        self._tell(self._now)


def measure_rows(
    store: RowStore,
    rows: Sequence[Row],
    settings: Settings,
    models: Sequence[About],
    door: Door,
    clock: Clock,
    watch: Watch,
) -> None:
    """Measures every row that is not on disk yet. Rows that fail are recorded with the reason.

    Raises:
        Cancelled: if the watch says so; what was measured stays on disk.
    """
    known = store.done()
    clock.enter("rows", len(known), len(rows) * len(models), sum(known.values()))
    flushed, waiting = time.monotonic(), 0
    try:
        for model in models:
            for row in rows:
                if (model.name, row.number) in known:
                    continue
                watch.step(0, 1, pause=False)
                records = _records(model, row, settings, door, watch)
                store.add(records)
                waiting += 1
                if waiting >= FLUSH_ROWS or time.monotonic() - flushed > FLUSH_SECONDS:
                    store.flush()
                    flushed, waiting = time.monotonic(), 0
                clock.step(failed=int(records[0]["status"] == "failed"))
    finally:
        store.flush()


def _records(model: About, row: Row, settings: Settings, door: Door, watch: Watch) -> list[dict[str, Any]]:
    try:
        return door(model.name, lambda loaded: measure_row(loaded, model.name, row, settings, watch))
    except (InputError, ModelError) as error:
        reason = str(error)
    except (RuntimeError, ValueError) as error:  # one row must not end an audit of a night
        logging.getLogger("vtviz").exception("row %d", row.number)
        reason = f"{type(error).__name__}: {error}"
    return failed_row(row, model.name, model.methods, reason)
