"""The jobs of this machine: a list for each kind of them, in an SQLite file under the user's data folder."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
from platformdirs import user_data_path

from vtviz.inputs import InputError

DATA = "VTVIZ_DATA"  # the environment variable that names another folder
State = Literal["waiting", "running", "done", "failed", "cancelled", "interrupted"]
OPEN: tuple[State, ...] = ("waiting", "running")
TABLE = """CREATE TABLE IF NOT EXISTS {kind} (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, created REAL NOT NULL, manifest TEXT NOT NULL, settings TEXT NOT NULL,
    state TEXT NOT NULL, error TEXT NOT NULL DEFAULT '', owner INTEGER NOT NULL)"""


@dataclass(frozen=True)
class Entry:
    """One job: its name, when it was set up (seconds since 1970), the path of the manifest or data set that it reads,
    its settings as JSON, and how far it got."""

    id: int
    name: str
    created: float
    manifest: Path
    settings: str
    state: State
    error: str


def data_folder() -> Path:
    """Where vtviz keeps what belongs to this user; made where there is none. Raises InputError where it cannot be."""
    folder = Path(os.environ[DATA]) if os.environ.get(DATA) else user_data_path("vtviz")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            "vtviz cannot create its data folder {folder}: {reason}; set VTVIZ_DATA to a writable folder.",
            folder=folder,
            reason=error.strerror or error,
        ) from error
    return folder


class History:
    """The jobs of a kind (``audits``, ``evaluations``: one of the program's own words, never a person's), listed in
    ``KIND.sqlite`` of a folder, each with a folder of its own beside it.

    Jobs that were running in a process that is gone are ``interrupted``; they can go on. Every call raises InputError
    where the file cannot be used, as on a full disk.
    """

    def __init__(self, folder: Path, kind: str = "audits") -> None:
        self.folder, self.kind = folder, kind
        with self._open() as database:
            database.execute(TABLE.format(kind=kind))
            for number, owner in database.execute(
                f"SELECT id, owner FROM {kind} WHERE state IN (?, ?)", OPEN
            ).fetchall():
                if owner != os.getpid() and not psutil.pid_exists(owner):
                    database.execute(f"UPDATE {kind} SET state = 'interrupted' WHERE id = ?", (number,))

    def add(self, name: str, manifest: Path, settings: str) -> Entry:
        """Lists a new job, which waits."""
        values = (name, time.time(), str(manifest), settings, "waiting", os.getpid())
        with self._open() as database:
            result = database.execute(
                f"INSERT INTO {self.kind} (name, created, manifest, settings, state, owner) VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )
        assert result.lastrowid is not None
        entry = self.get(result.lastrowid)
        assert entry is not None
        return entry

    def mark(self, number: int, state: State, error: str = "") -> None:
        """Notes how far a job got."""
        with self._open() as database:
            values = (state, error, os.getpid(), number)
            database.execute(f"UPDATE {self.kind} SET state = ?, error = ?, owner = ? WHERE id = ?", values)

    def get(self, number: int) -> Entry | None:
        """One job, or None where it is not listed."""
        return next((entry for entry in self._read("WHERE id = ?", (number,))), None)

    def all(self) -> list[Entry]:
        """The jobs, newest first."""
        return self._read("ORDER BY created DESC, id DESC", ())

    def remove(self, number: int) -> None:
        """Takes a job off the list; its files stay."""
        with self._open() as database:
            database.execute(f"DELETE FROM {self.kind} WHERE id = ?", (number,))

    def folder_of(self, number: int) -> Path:
        """The folder of what a job makes."""
        return self.folder / self.kind / f"{number:05d}"

    def _read(self, rest: str, values: tuple[int, ...]) -> list[Entry]:
        with self._open() as database:
            rows = database.execute(
                f"SELECT id, name, created, manifest, settings, state, error FROM {self.kind} {rest}", values
            )
            return [Entry(row[0], row[1], row[2], Path(row[3]), row[4], row[5], row[6]) for row in rows.fetchall()]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            database = sqlite3.connect(self.folder / f"{self.kind}.sqlite", timeout=20)
            try:
                with database:
                    yield database
            finally:
                database.close()
        except sqlite3.Error as error:
            raise InputError(
                "The list of {kind} in {folder} cannot be used: {reason}; free up space, or set VTVIZ_DATA to "
                "another folder.",
                kind=self.kind,
                folder=self.folder,
                reason=str(error),
            ) from error
