"""What is made through the API and kept: audits, indexes, evaluations of policies, and uploads.

All of it belongs to whoever has the server's token, and lies apart from what the people of the pages made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeVar, cast

from fastapi import UploadFile
from starlette.concurrency import run_in_threadpool

from vtviz.audit.background import AuditJobs
from vtviz.engine.engine import Engine
from vtviz.engine.jobs.indexes import IndexJobs
from vtviz.engine.jobs.policies import PolicyJobs
from vtviz.files import data_folder
from vtviz.jobs.background import Jobs
from vtviz.jobs.history import Entry, History
from vtviz.jobs.limits import Limits, UploadRoom, days_kept
from vtviz.jobs.retention import keep_expiring
from vtviz.manifests.save import Upload, unpacked_size

Kind = TypeVar("Kind", bound=Jobs)
FOLDER = "api"  # in the data folder


class Own:
    """What a server keeps for the programs that use it; nothing is made before the first of them needs it.

    Args:
        engine: does the work.
        limits: what they may have; None where all is theirs.
    """

    def __init__(self, engine: Engine, limits: Limits | None) -> None:
        self.engine, self.limits = engine, limits
        self._lock, self._made = threading.Lock(), dict[str, Jobs]()

    @cached_property
    def folder(self) -> Path:
        """Where it lies. Raises InputError where that cannot be used."""
        folder = data_folder() / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        days = days_kept()
        if days is not None:
            keep_expiring(lambda: [folder], days)
        return folder

    @property
    def decisions(self) -> Path:
        """The log of what policies decided."""
        return self.folder / "policy-log.jsonl"

    def audits(self) -> AuditJobs:
        """The audits."""
        return self._jobs("audits", lambda: AuditJobs(History(self.folder), self.engine.ask, self.limits, True))

    def indexes(self) -> IndexJobs:
        """The indexes to search."""
        return self._jobs("indexes", lambda: IndexJobs(self.folder, self.engine.ask, self.limits, True))

    def policies(self) -> PolicyJobs:
        """The evaluations of policies."""
        return self._jobs("policies", lambda: PolicyJobs(self.folder, self.engine.ask, self.limits, True))

    async def upload(self, files: Sequence[UploadFile], start: Callable[[Path, list[Upload]], Entry]) -> Entry:
        """What ``start`` makes of uploaded files and a new folder for them, which is gone again where that fails.

        Raises:
            InputError: if too much or too often was uploaded, or ``start`` says so.
        """
        uploads = [(file.filename or "file", await file.read()) for file in files]

        def run() -> Entry:
            with self._room.take(unpacked_size(uploads)) as place:
                return start(place, uploads)

        return await run_in_threadpool(run)

    def close(self) -> None:
        """Stops what is on its way; it can go on later."""
        with self._lock:
            made = list(self._made.values())
        for jobs in made:
            jobs.close()

    @cached_property
    def _room(self) -> UploadRoom:
        return UploadRoom(self.folder, self.limits)

    def _jobs(self, kind: str, make: Callable[[], Kind]) -> Kind:
        with self._lock:
            if kind not in self._made:
                self._made[kind] = make()
            return cast(Kind, self._made[kind])
