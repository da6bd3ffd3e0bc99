"""What an engine elsewhere cannot answer, because what it needs lies on this machine: stores of photos, and models that
were trained here."""

from __future__ import annotations

import threading
from typing import Any

from vtviz.engine.engine import Request
from vtviz.engine.local import LocalEngine
from vtviz.files import data_folder
from vtviz.models.folders import lies_in
from vtviz.models.registry import opened_path


def needs_store(request: Request[Any]) -> bool:
    """Whether a request is about a store of photos."""
    return bool(getattr(request, "store", ""))


def is_made_here(model: str) -> bool:
    """Whether the files of a model lie in the data folder, as those of trainings do."""
    path = opened_path(model)
    return bool(path) and lies_in(path, str(data_folder()))


class EngineHere:
    """An engine of this process, begun once it is needed.

    Args:
        device: that of LocalEngine.
    """

    def __init__(self, device: str) -> None:
        self._device, self._lock, self._made = device, threading.Lock(), list[LocalEngine]()

    def __call__(self) -> LocalEngine:
        """The engine."""
        with self._lock:
            if not self._made:
                self._made.append(LocalEngine(self._device))
            return self._made[0]

    @property
    def begun(self) -> LocalEngine | None:
        """The engine, where it was needed."""
        with self._lock:
            return next(iter(self._made), None)

    def close(self) -> None:
        """Ends the engine."""
        engine = self.begun
        if engine is not None:
            engine.close()
