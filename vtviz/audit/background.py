"""Audits that run in the background, one at a time, whoever looks on."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vtviz.audit.audit import run_audit
from vtviz.audit.history import Entry, History
from vtviz.audit.manifest import read_manifest
from vtviz.audit.requests import Door
from vtviz.audit.settings import Settings, settings_from
from vtviz.inputs import InputError
from vtviz.models.base import ModelError
from vtviz.watch import Cancelled, Progress, Watch


class Job:
    """An audit that waits or runs: how far it is, and whether it is to stop."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.watch = Watch(cancelled=self.stop.is_set)


class AuditJobs:
    """Runs audits in a thread of their own and keeps their history.

    Args:
        history: where they are listed.
        door: the way to the models.
    """

    def __init__(self, history: History, door: Door) -> None:
        self.history, self._door = history, door
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="vtviz-audit")
        self._jobs: dict[int, Job] = {}

    def start(self, name: str, manifest: Path, settings: Settings, language: str = "en") -> Entry:
        """Lists a new audit and lets it wait for its turn. Raises InputError where the manifest cannot be used."""
        read_manifest(manifest, settings.limit)
        entry = self.history.add(name, manifest, json.dumps(settings.to_dict()))
        self._submit(entry, language)
        return entry

    def go_on(self, entry: Entry, language: str = "en") -> None:
        """Lets an audit that was cancelled, interrupted or failed go on where it stopped."""
        if entry.id not in self._jobs:
            self.history.mark(entry.id, "waiting")
            self._submit(entry, language)

    def progress(self, number: int) -> Progress | None:
        """How far an audit is, or None where it waits or does not run here."""
        job = self._jobs.get(number)
        return job.watch.now if job and job.watch.now.stage else None

    def cancel(self, number: int) -> None:
        """Stops an audit after the pass that runs now; what was measured stays."""
        job = self._jobs.get(number)
        if job:
            job.stop.set()

    def close(self) -> None:
        """Stops all audits and ends the thread."""
        for job in list(self._jobs.values()):
            job.stop.set()
        self._worker.shutdown()

    def _submit(self, entry: Entry, language: str) -> None:
        job = self._jobs[entry.id] = Job()
        self._worker.submit(self._run, entry, job, language)

    def _run(self, entry: Entry, job: Job, language: str) -> None:
        try:
            if job.stop.is_set():
                raise Cancelled
            self.history.mark(entry.id, "running")
            settings = settings_from(json.loads(entry.settings))
            rows = read_manifest(entry.manifest, settings.limit)
            run_audit(rows, settings, self.history.folder_of(entry.id), self._door, job.watch, language)
            self.history.mark(entry.id, "done")
        except Cancelled:
            self.history.mark(entry.id, "cancelled")
        except (InputError, ModelError) as error:
            self.history.mark(entry.id, "failed", str(error))
        except Exception as error:
            logging.getLogger("vtviz").exception("audit %d", entry.id)
            self.history.mark(entry.id, "failed", f"{type(error).__name__}: {error}")
        finally:
            del self._jobs[entry.id]
