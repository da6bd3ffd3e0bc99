"""Jobs that run in the background, one at a time, whoever looks on."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor

from vtviz.inputs import InputError
from vtviz.jobs.history import Entry, History
from vtviz.models.base import ModelError
from vtviz.watch import Cancelled, Progress, Watch


class Job:
    """Work that waits or runs: how far it is, and whether it is to stop."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.watch = Watch(cancelled=self.stop.is_set)


class Jobs(ABC):
    """Runs jobs of one kind in a thread of their own and keeps their history.

    Args:
        history: where they are listed.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"vtviz-{history.kind}")
        self._jobs: dict[int, Job] = {}

    @abstractmethod
    def work(self, entry: Entry, watch: Watch, language: str) -> None:
        """Does the work of a job, or the rest of it, and writes what it makes to its folder."""

    def go_on(self, entry: Entry, language: str = "en") -> None:
        """Lets a job that was cancelled, interrupted or failed go on where it stopped."""
        if entry.id not in self._jobs:
            self.history.mark(entry.id, "waiting")
            self.submit(entry, language)

    def progress(self, number: int) -> Progress | None:
        """How far a job is, or None where it waits or does not run here."""
        job = self._jobs.get(number)
        return job.watch.now if job and job.watch.now.stage else None

    def cancel(self, number: int) -> None:
        """Stops a job after the pass that runs now; what was measured stays."""
        job = self._jobs.get(number)
        if job:
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
        except Cancelled:
            self.history.mark(entry.id, "cancelled")
        except (InputError, ModelError) as error:
            self.history.mark(entry.id, "failed", str(error))
        except Exception as error:
            logging.getLogger("vtviz").exception("%s %d", self.history.kind, entry.id)
            self.history.mark(entry.id, "failed", f"{type(error).__name__}: {error}")
        finally:
            del self._jobs[entry.id]
