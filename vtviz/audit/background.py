"""Audits that run in the background, one at a time, whoever looks on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from vtviz.audit.audit import run_audit
from vtviz.audit.contract.contract import stored_contract
from vtviz.audit.contract.sheets.person import check_sheets
from vtviz.audit.cost.count import Cost, keep_cost
from vtviz.audit.settings import Settings, settings_from
from vtviz.files import make_folder, write_atomically
from vtviz.jobs.background import Jobs
from vtviz.jobs.door import Door
from vtviz.jobs.history import Entry, History
from vtviz.jobs.limits import Limits
from vtviz.manifests.read import Manifest, read_manifest
from vtviz.watch import Watch

NO_TERMS: Mapping[str, bytes] = MappingProxyType({})


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

    def start(
        self,
        name: str,
        manifest: Path,
        settings: Settings,
        language: str = "en",
        terms: Mapping[str, bytes] = NO_TERMS,
        cost: Cost | None = None,
    ) -> Entry:
        """Lists a new audit and lets it wait for its turn.

        Args:
            name: for people.
            manifest: its rows.
            settings: what to measure.
            language: of the report.
            terms: ``scope.toml``, ``rules.toml`` and ``sheets.txt`` by name, where there are some.
            cost: what was said that it will cost, for whoever looks on.

        Raises:
            InputError: if the manifest or the terms cannot be used.
        """
        self.need_room()
        rows = self._read(manifest, settings).rows
        entry = self.history.add(name, manifest, json.dumps(settings.to_dict()))
        try:
            folder = self.history.folder_of(entry.id)
            make_folder(folder)
            for file, data in terms.items():
                write_atomically(folder / file, data)
            if cost is not None:
                keep_cost(folder, cost)
            contract = stored_contract(folder)
            contract.check(settings, rows)
            check_sheets(rows, contract.sheets)
        except BaseException:
            self.history.remove(entry)
            raise
        self.submit(entry, language)
        return entry

    def work(self, entry: Entry, watch: Watch, language: str) -> None:
        """Runs an audit, or the rest of it, and writes its report."""
        settings = settings_from(json.loads(entry.settings))
        rows, folder = self._read(entry.manifest, settings), self.history.folder_of(entry.id)
        run_audit(rows, settings, folder, self._door, watch, language, stored_contract(folder))

    def _read(self, path: Path, settings: Settings) -> Manifest:
        rows = read_manifest(path, settings.limit)
        self.check_files(path, (row.image for row in rows.rows))
        return rows
