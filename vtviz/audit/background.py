"""Audits that run in the background, one at a time, whoever looks on."""

from __future__ import annotations

import json
from pathlib import Path

from vtviz.audit.audit import run_audit
from vtviz.audit.settings import Settings, settings_from
from vtviz.jobs.background import Jobs, Limits
from vtviz.jobs.door import Door
from vtviz.jobs.history import Entry, History
from vtviz.manifests.read import read_manifest
from vtviz.watch import Watch


class AuditJobs(Jobs):
    """Runs audits in a thread of their own and keeps their history.

    Args:
        history: where they are listed.
        door: the way to the models.
        limits: what one person may have here.
    """

    def __init__(self, history: History, door: Door, limits: Limits | None = None) -> None:
        super().__init__(history, limits)
        self._door = door

    def start(self, name: str, manifest: Path, settings: Settings, language: str = "en") -> Entry:
        """Lists a new audit and lets it wait for its turn. Raises InputError where the manifest cannot be used."""
        self.need_room()
        read_manifest(manifest, settings.limit)
        entry = self.history.add(name, manifest, json.dumps(settings.to_dict()))
        self.submit(entry, language)
        return entry

    def work(self, entry: Entry, watch: Watch, language: str) -> None:
        """Runs an audit, or the rest of it, and writes its report."""
        settings = settings_from(json.loads(entry.settings))
        rows = read_manifest(entry.manifest, settings.limit)
        run_audit(rows, settings, self.history.folder_of(entry.id), self._door, watch, language)
