"""The audits of this machine: a list in an SQLite file under the user's data folder."""

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

from vtviz.files import DATA, data_folder
from vtviz.inputs import InputError

__all__ = ["DATA", "OPEN", "Entry", "History", "State", "data_folder"]

State = Literal["waiting", "running", "done", "failed", "cancelled", "interrupted"]
OPEN: tuple[State, ...] = ("waiting", "running")
TABLE = """CREATE TABLE IF NOT EXISTS audits (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, created REAL NOT NULL, manifest TEXT NOT NULL, settings TEXT NOT NULL,
    state TEXT NOT NULL, error TEXT NOT NULL DEFAULT '', owner INTEGER NOT NULL)"""


@dataclass(frozen=True)
class Entry:
    """One audit: its name, when it was set up (seconds since 1970), the path of its manifest, its settings as JSON, and
    how far it got."""

    id: int
    name: str
    created: float
    manifest: Path
    settings: str
    state: State
    error: str


class History:
    """The audits listed in ``audits.sqlite`` of a folder, each with a folder of its own beside it.

    Audits that were running in a process that is gone are ``interrupted``; they can go on. Every call raises InputError
    where the file cannot be used, as on a full disk.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with self._open() as database:
            database.execute(TABLE)
            for number, owner in database.execute(
                "SELECT id, owner FROM audits WHERE state IN (?, ?)", OPEN
            ).fetchall():
                if owner != os.getpid() and not psutil.pid_exists(owner):
                    database.execute("UPDATE audits SET state = 'interrupted' WHERE id = ?", (number,))

    def add(self, name: str, manifest: Path, settings: str) -> Entry:
        """Lists a new audit, which waits."""
        values = (name, time.time(), str(manifest), settings, "waiting", os.getpid())
        with self._open() as database:
            result = database.execute(
                "INSERT INTO audits (name, created, manifest, settings, state, owner) VALUES (?, ?, ?, ?, ?, ?)", values
            )
        assert result.lastrowid is not None
        entry = self.get(result.lastrowid)
        assert entry is not None
        return entry

    def mark(self, number: int, state: State, error: str = "") -> None:
        """Notes how far an audit got."""
        with self._open() as database:
            values = (state, error, os.getpid(), number)
            database.execute("UPDATE audits SET state = ?, error = ?, owner = ? WHERE id = ?", values)

    def get(self, number: int) -> Entry | None:
        """One audit, or None where it is not listed."""
        return next((entry for entry in self._read("WHERE id = ?", (number,))), None)

    def all(self) -> list[Entry]:
        """The audits, newest first."""
        return self._read("ORDER BY created DESC, id DESC", ())

    def remove(self, number: int) -> None:
        """Takes an audit off the list; its files stay."""
        with self._open() as database:
            database.execute("DELETE FROM audits WHERE id = ?", (number,))

    def folder_of(self, number: int) -> Path:
        """The folder of an audit's report."""
        return self.folder / "audits" / f"{number:05d}"

    def _read(self, rest: str, values: tuple[int, ...]) -> list[Entry]:
        with self._open() as database:
            rows = database.execute(
                f"SELECT id, name, created, manifest, settings, state, error FROM audits {rest}", values
            )
            return [Entry(row[0], row[1], row[2], Path(row[3]), row[4], row[5], row[6]) for row in rows.fetchall()]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            database = sqlite3.connect(self.folder / "audits.sqlite", timeout=20)
            try:
                with database:
                    yield database
            finally:
                database.close()
        except sqlite3.Error as error:
            raise InputError(
                "The list of audits in {folder} cannot be used: {reason}; free up space, or set VTVIZ_DATA to "
                "another folder.",
                folder=self.folder,
                reason=str(error),
            ) from error
