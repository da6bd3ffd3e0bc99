"""Audits that run in the background, one at a time, whoever looks on."""

from __future__ import annotations

import json
from pathlib import Path

from vtviz.audit.audit import run_audit
from vtviz.audit.settings import Settings, settings_from
from vtviz.jobs.background import Jobs
from vtviz.jobs.door import Door
from vtviz.jobs.history import Entry, History
from vtviz.jobs.limits import Limits
from vtviz.manifests.read import Manifest, read_manifest
from vtviz.watch import Watch


class AuditJobs(Jobs):
    """Runs audits in a thread of their own and keeps their history.

    Args:
        history: where they are listed.
        door: the way to the models.
        limits: what one person may have here.
        confined: whether audits read only what was uploaded for them.
    """

    def __init__(self, history: History, door: Door, limits: Limits | None = None, confined: bool = False) -> None:
        super().__init__(history, limits, confined)
        self._door = door

    def start(self, name: str, manifest: Path, settings: Settings, language: str = "en") -> Entry:
        """Lists a new audit and lets it wait for its turn. Raises InputError where the manifest cannot be used."""
        self.need_room()
        self._read(manifest, settings)
        entry = self.history.add(name, manifest, json.dumps(settings.to_dict()))
        self.submit(entry, language)
        return entry

    def work(self, entry: Entry, watch: Watch, language: str) -> None:
        """Runs an audit, or the rest of it, and writes its report."""
        settings = settings_from(json.loads(entry.settings))
        rows = self._read(entry.manifest, settings)
        run_audit(rows, settings, self.history.folder_of(entry.id), self._door, watch, language)

    def _read(self, path: Path, settings: Settings) -> Manifest:
        rows = read_manifest(path, settings.limit)
        self.check_files(path, (row.image for row in rows.rows))
        return rows
