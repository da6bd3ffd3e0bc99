"""Slow requests on their way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from vtviz.attribution.watch import Watch
from vtviz.engine.explanation import Explanation


class Job:
    """A request that takes many passes. ``done`` of ``total`` passes; ``total`` is 0 until it has its turn.

    ``future`` gives the explanation, or raises what went wrong; Cancelled where ``cancel`` was called in time.
    """

    def __init__(self) -> None:
        self.done = self.total = 0
        self.future: Future[Explanation]
        self._stop = threading.Event()

    def cancel(self) -> None:
        """Stops the job before its next batch."""
        self._stop.set()

    def watch(self, pause: Callable[[], None]) -> Watch:
        """What the method tells and asks between batches."""
        return Watch(self._advance, self._stop.is_set, pause)

    def _advance(self, done: int, total: int) -> None:
        self.done, self.total = done, total
