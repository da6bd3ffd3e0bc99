"""Evaluations that run in the background, one at a time, whoever looks on."""

from __future__ import annotations

import json
from pathlib import Path

from vtviz.evaluation.pairs.pair import PairSet
from vtviz.evaluation.pairs.read import read_pairs
from vtviz.evaluation.runs.run import run_evaluation
from vtviz.evaluation.runs.settings import Settings, settings_from
from vtviz.jobs.background import Jobs
from vtviz.jobs.door import Door
from vtviz.jobs.history import Entry, History
from vtviz.jobs.limits import Limits
from vtviz.watch import Watch

KIND = "evaluations"


class EvaluationJobs(Jobs):
    """Runs evaluations in a thread of their own and keeps their history.

    Args:
        folder: where they are listed and kept.
        door: the way to the models.
        limits: what one person may have here.
        confined: whether evaluations read only what was uploaded for them.
    """

    def __init__(self, folder: Path, door: Door, limits: Limits | None = None, confined: bool = False) -> None:
        super().__init__(History(folder, KIND), limits, confined)
        self._door = door

    def start(self, name: str, data: Path, settings: Settings, language: str = "en") -> Entry:
        """Lists a new evaluation and lets it wait for its turn. Raises InputError where the pairs cannot be read."""
        self.need_room()
        self._read(data, settings)
        entry = self.history.add(name, data, json.dumps(settings.to_dict()))
        self.submit(entry, language)
        return entry

    def work(self, entry: Entry, watch: Watch, language: str) -> None:
        """Scores all pairs, or those that are left."""
        settings = settings_from(json.loads(entry.settings))
        pairs = self._read(entry.manifest, settings)
        run_evaluation(pairs, settings, self.history.folder_of(entry.id), self._door, watch)

    def _read(self, path: Path, settings: Settings) -> PairSet:
        found = read_pairs(path, settings.limit)
        self.check_files(path, found.photos)
        return found
