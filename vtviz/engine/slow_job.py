"""Slow requests on their way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from vtviz.engine.explanation import Explanation
from vtviz.watch import Cancelled, Watch


class Job:
    """A request that takes many passes. ``done`` of ``total`` passes; ``total`` is 0 until it has its turn.

    ``future`` gives the explanation, or raises what went wrong; Cancelled where ``cancel`` was called in time.
    """

    def __init__(self) -> None:
        self.done = self.total = 0
        self.future: Future[Explanation]
        self._stop = threading.Event()

    def cancel(self) -> None:
        """Stops the job before its next batch, or before it begins."""
        self._stop.set()
        self.future.cancel()

    @property
    def stopping(self) -> bool:
        """Whether it was cancelled, though a batch may be under way."""
        return self._stop.is_set()

    def error(self) -> BaseException | None:
        """What went wrong with a job that is done, if anything."""
        return Cancelled() if self.future.cancelled() else self.future.exception()

    def watch(self, pause: Callable[[], None]) -> Watch:
        """What the method tells and asks between batches."""
        return Watch(self._advance, self._stop.is_set, pause)

    def _advance(self, done: int, total: int) -> None:
        self.done, self.total = done, total
