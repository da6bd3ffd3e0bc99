"""Trainings that go on while nobody looks, one at a time, each in a process of its own."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from vtviz.inputs import InputError
from vtviz.jobs.background import Jobs, Limits
from vtviz.jobs.history import Entry, History
from vtviz.models.recurrent.model import NAME as RECURRENT
from vtviz.paths import ASSETS
from vtviz.scenes.compose import NAME as SCENES
from vtviz.training.data_set import read_data
from vtviz.training.runs.child import ENOUGH, PAUSED
from vtviz.watch import Cancelled, Progress, Watch

KIND = "trainings"
LOG = "log.txt"
TICK = 0.2  # seconds


class TrainingJobs(Jobs):
    """Runs trainings and keeps their history.

    A training has a process of its own, so that nothing else that runs here draws from its random numbers: one that
    was paused, or whose server was killed, ends with the same weights as one that was left alone.

    Args:
        folder: where they are listed and kept.
        limits: what one person may have here.
    """

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        super().__init__(History(folder, KIND), limits)
        self._children: dict[int, subprocess.Popen[str]] = {}

    def start(self, name: str, settings: Mapping[str, Any]) -> Entry:
        """Lists a new training and lets it wait for its turn. ``network`` says whether the settings are those of
        RecurrentConfig or TrainConfig.

        Raises:
            InputError: if the data cannot be used.
        """
        self.need_room()
        if settings.get("network", RECURRENT) == RECURRENT and settings["data"] != SCENES:
            read_data(settings["data"], settings.get("seed", 0))
        entry = self.history.add(name, Path(settings["data"]), json.dumps(dict(settings)))
        self.submit(entry, "en")
        return entry

    def keep(self, number: int) -> None:
        """Ends a training early, with the best weights so far."""
        child = self._children.get(number)
        if child is not None and child.stdin is not None:
            child.stdin.write(f"{ENOUGH}\n")
            child.stdin.flush()

    def memory_mb(self, number: int) -> float | None:
        """The memory that a training takes, in MiB; None where it does not run."""
        child = self._children.get(number)
        with suppress(psutil.Error):
            return psutil.Process(child.pid).memory_info().rss / 2**20 if child is not None else None
        return None

    def models(self) -> dict[str, str]:
        """What finished trainings were called, by the name of their models."""
        return {self.model_of(entry): entry.name for entry in self.history.all() if entry.state == "done"}

    def model_of(self, entry: Entry) -> str:
        """The name of the model that a training made."""
        return f"{self.network_of(entry)}@{self.history.folder_of(entry.id)}"

    def network_of(self, entry: Entry) -> str:
        """The network that is trained: ``vtviz-recurrent`` or ``vtviz-base``."""
        return str(json.loads(entry.settings).get("network", RECURRENT))

    def work(self, entry: Entry, watch: Watch, language: str) -> None:
        """Trains on, or begins."""
        folder = self.history.folder_of(entry.id)
        folder.mkdir(parents=True, exist_ok=True)
        asked = {"settings": json.loads(entry.settings), "folder": str(folder)}
        with (folder / LOG).open("w") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "vtviz.training.runs.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ASSETS.parent,
                preexec_fn=_politely if os.name == "posix" else None,
            )
        self._children[entry.id] = child
        try:
            self._follow(child, asked, watch)
        finally:
            del self._children[entry.id]
            assert child.stdin is not None and child.stdout is not None
            with suppress(BrokenPipeError):
                child.stdin.close()  # at which it saves and ends; until then somebody listens
            child.wait()
            child.stdout.close()

    def _follow(self, child: subprocess.Popen[str], asked: dict[str, Any], watch: Watch) -> None:
        assert child.stdin is not None and child.stdout is not None
        lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(child.stdout, lines), daemon=True).start()
        child.stdin.write(json.dumps(asked) + "\n")
        child.stdin.flush()
        error = ""
        while True:
            if watch.cancelled() or not threading.main_thread().is_alive():
                raise Cancelled
            try:
                line = lines.get(timeout=TICK)
            except queue.Empty:
                continue
            if line is None:
                break
            heard = json.loads(line)
            error = heard.get("error", error)
            if "stage" in heard:
                watch.tell(Progress(heard["stage"], heard["done"], heard["total"], seconds_left=heard["left"]))
        status = child.wait()
        if status == PAUSED:
            raise Cancelled
        if status:
            raise InputError("{reason}", reason=error) if error else RuntimeError(f"exit status {status}; see {LOG}")


def _read(source: Any, lines: queue.SimpleQueue[str | None]) -> None:
    with suppress(ValueError):  # closed, because nobody listens any more
        for line in source:
            lines.put(line)
    lines.put(None)


def _politely() -> None:
    """Whoever looks at a page goes first."""
    os.nice(10)
