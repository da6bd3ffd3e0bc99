"""Jobs that run in the background, one at a time, whoever looks on."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vtviz.inputs import InputError
from vtviz.jobs.history import UPLOADS, Entry, History
from vtviz.jobs.limits import Limits, need_space
from vtviz.models.base import ModelError
from vtviz.paths import ASSETS
from vtviz.watch import Cancelled, Progress, Watch


class Job:
    """Work that waits or runs: how far it is, and whether it is to stop."""

    def __init__(self) -> None:
        self.stop, self.cancelled = threading.Event(), False
        self.watch = Watch(cancelled=self.stop.is_set)


class Jobs(ABC):
    """Runs jobs of one kind in a thread of their own and keeps their history.

    Args:
        history: where they are listed.
        limits: what one person may have here; None where all is theirs.
        confined: whether jobs read only what was uploaded for them, and what vtviz ships.
    """

    def __init__(self, history: History, limits: Limits | None = None, confined: bool = False) -> None:
        self.limits, self.confined = limits, confined
        self.history = history
        history.runs_here = lambda number: number in self._jobs
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"vtviz-{history.kind}")
        self._jobs: dict[int, Job] = {}

    @abstractmethod
    def work(self, entry: Entry, watch: Watch, language: str) -> None:
        """Does the work of a job, or the rest of it, and writes what it makes to its folder."""

    def go_on(self, entry: Entry, language: str = "en") -> None:
        """Lets a job that was cancelled, interrupted or failed go on where it stopped.

        Raises:
            InputError: if too many run already, or their files are too large.
        """
        if entry.id not in self._jobs:
            self.need_room()
            self.history.mark(entry.id, "waiting")
            self.submit(entry, language)

    def need_room(self) -> None:
        """Raises InputError where another job would be too many, or the files of those before it are too large."""
        if self.limits is None:
            return
        if len(self._jobs) >= self.limits.jobs:
            raise InputError(
                "{count} jobs of yours are on their way already; wait for one, or cancel it.", count=len(self._jobs)
            )
        need_space(self.history.folder, self.limits)

    def check_files(self, source: Path, photos: Iterable[Path]) -> None:
        """Refuses what lies outside the upload that a job reads, where others' files lie on this machine too.

        Args:
            source: the manifest or the data set.
            photos: that it names.

        Raises:
            InputError: if one lies elsewhere, whether it exists or not.
        """
        if not self.confined:
            return
        uploads, shipped = (self.history.folder / UPLOADS).resolve(), ASSETS.resolve()
        allowed = [source.resolve().parent, shipped] if source.resolve().is_relative_to(uploads) else [shipped]
        for path in {source, *photos}:
            if not any(path.resolve().is_relative_to(folder) for folder in allowed):
                raise InputError("{name} lies outside what was uploaded; upload it too.", name=path.name)

    def remove(self, entry: Entry) -> None:
        """Deletes a job that is not on its way, with its files."""
        if entry.id not in self._jobs:
            self.history.remove(entry)

    def progress(self, number: int) -> Progress | None:
        """How far a job is, or None where it waits or does not run here."""
        job = self._jobs.get(number)
        return job.watch.now if job and job.watch.now.stage else None

    def ahead(self, number: int) -> int:
        """How many jobs of this kind and person run or wait before this one."""
        numbers = list(self._jobs)
        return numbers.index(number) if number in numbers else 0

    def cancel(self, number: int) -> None:
        """Stops a job after the pass that runs now; what was measured stays."""
        job = self._jobs.get(number)
        if job:
            job.cancelled = True
            job.stop.set()

    def close(self) -> None:
        """Stops all jobs and ends the thread."""
        for job in list(self._jobs.values()):
            job.stop.set()
        self._worker.shutdown()

    def submit(self, entry: Entry, language: str) -> None:
        """Lets a listed job wait for its turn."""
        job = self._jobs[entry.id] = Job()
        self._worker.submit(self._run, entry, job, language)

    def _run(self, entry: Entry, job: Job, language: str) -> None:
        try:
            if job.stop.is_set():
                raise Cancelled
            self.history.mark(entry.id, "running")
            self.work(entry, job.watch, language)
            self.history.mark(entry.id, "done")
        except Cancelled:  # also where the process ends
            self.history.mark(entry.id, "cancelled" if job.cancelled else "interrupted")
        except (InputError, ModelError) as error:
            self.history.mark(entry.id, "failed", str(error))
        except Exception as error:
            logging.getLogger("vtviz").exception("%s %d", self.history.kind, entry.id)
            self.history.mark(entry.id, "failed", f"{type(error).__name__}: {error}")
        finally:
            del self._jobs[entry.id]
