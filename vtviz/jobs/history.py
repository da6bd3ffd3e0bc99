"""The jobs of this machine: a list for each kind of them, in an SQLite file under the user's data folder."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vtviz.inputs import InputError
from vtviz.jobs.owner import is_alive, this_process

State = Literal["waiting", "running", "done", "failed", "cancelled", "interrupted"]
DAY = 86_400.0  # seconds
UPLOADS = "uploads"  # a folder for each upload
OPEN: tuple[State, ...] = ("waiting", "running")
ELSEWHERE: dict[str, Callable[[Path], None]] = {}  # by kind: deletes what the job of a folder keeps outside it
TABLE = """CREATE TABLE IF NOT EXISTS {kind} (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, created REAL NOT NULL, manifest TEXT NOT NULL, settings TEXT NOT NULL,
    state TEXT NOT NULL, error TEXT NOT NULL DEFAULT '', owner TEXT NOT NULL)"""


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


def bytes_in(folder: Path) -> int:
    """The size of all files in a folder; what is deleted meanwhile does not count."""
    size = 0
    for file in folder.rglob("*"):
        with suppress(OSError):
            size += file.lstat().st_size if not file.is_dir() else 0
    return size


class History:
    """The jobs of a kind (``audits``, ``evaluations``: one of the program's own words, never a person's), listed in
    ``KIND.sqlite`` of a folder, each with a folder of its own beside it.

    Jobs that were running in a process that is gone, or that this process should run but does not, are
    ``interrupted``; they can go on. Every call raises InputError where the file cannot be used, as on a full disk.

    Args:
        folder: holds the list, and the folders.
        kind: of the jobs.
    """

    def __init__(self, folder: Path, kind: str = "audits") -> None:
        self.folder, self.kind = folder, kind
        self.runs_here: Callable[[int], bool] = lambda number: True  # until somebody runs them
        with self._open() as database:
            database.execute(TABLE.format(kind=kind))

    def add(self, name: str, manifest: Path, settings: str) -> Entry:
        """Lists a new job, which waits."""
        now = time.time()
        with self._open() as database:
            result = database.execute(
                f"INSERT INTO {self.kind} (name, created, manifest, settings, state, owner) VALUES (?, ?, ?, ?, ?, ?)",
                (name, now, str(manifest), settings, "waiting", this_process(self.folder)),
            )
        assert result.lastrowid is not None
        return Entry(result.lastrowid, name, now, manifest, settings, "waiting", "")

    def mark(self, number: int, state: State, error: str = "") -> None:
        """Notes how far a job got."""
        with self._open() as database:
            values = (state, error, this_process(self.folder), number)
            database.execute(f"UPDATE {self.kind} SET state = ?, error = ?, owner = ? WHERE id = ?", values)

    def get(self, number: int) -> Entry | None:
        """One job, or None where it is not listed."""
        return next((entry for entry in self._read("WHERE id = ?", (number,))), None)

    def all(self) -> list[Entry]:
        """The jobs, newest first."""
        return self._read("ORDER BY created DESC, id DESC", ())

    def remove(self, entry: Entry) -> None:
        """Takes a job off the list and deletes what it made, and what was uploaded for it alone."""
        ELSEWHERE.get(self.kind, lambda folder: None)(self.folder_of(entry.id))
        with self._open() as database:
            database.execute(f"DELETE FROM {self.kind} WHERE id = ?", (entry.id,))
        shutil.rmtree(self.folder_of(entry.id), ignore_errors=True)
        uploaded = self.upload_of(entry)
        if uploaded is not None and uploaded not in map(self.upload_of, self.all()):
            shutil.rmtree(uploaded, ignore_errors=True)

    def upload_of(self, entry: Entry) -> Path | None:
        """The folder of the upload that a job reads, or None where it reads something else."""
        uploads, path = self.folder / UPLOADS, entry.manifest
        if ".." in path.parts or not path.is_relative_to(uploads) or path == uploads:
            return None
        return uploads / path.relative_to(uploads).parts[0]

    def expire(self, days: float) -> None:
        """Deletes the jobs that were set up longer ago and are not on their way, with their files."""
        for entry in self.all():
            if entry.state not in OPEN and entry.created < time.time() - days * DAY:
                self.remove(entry)

    def bytes(self) -> int:
        """The size of all files in the folder."""
        return bytes_in(self.folder)

    def folder_of(self, number: int) -> Path:
        """The folder of what a job makes."""
        return self.folder / self.kind / f"{number:05d}"

    def _read(self, rest: str, values: tuple[int, ...]) -> list[Entry]:
        with self._open() as database:
            rows = database.execute(
                f"SELECT id, name, created, manifest, settings, state, error, owner FROM {self.kind} {rest}", values
            )
            return [
                Entry(row[0], row[1], row[2], Path(row[3]), row[4], self._state(row[0], row[5], str(row[7])), row[6])
                for row in rows.fetchall()
            ]

    def _state(self, number: int, state: State, owner: str) -> State:
        if state not in OPEN:
            return state
        mine = owner == this_process(self.folder)
        return state if (self.runs_here(number) if mine else is_alive(self.folder, owner)) else "interrupted"

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            database = sqlite3.connect(self.folder / f"{self.kind}.sqlite", timeout=20)
            try:
                with database:
                    yield database
            finally:
                database.close()
        except (sqlite3.Error, OSError) as error:
            raise InputError(
                "The list of {kind} in {folder} cannot be used: {reason}; free up space, or set VTVIZ_DATA to "
                "another folder.",
                kind=self.kind,
                folder=self.folder,
                reason=str(error),
            ) from error
