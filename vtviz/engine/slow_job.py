"""Slow requests on their way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from vtviz.watch import Cancelled, Progress, Watch

Answer = TypeVar("Answer")


class SlowJob(Generic[Answer]):
    """A request that takes many passes; ``now`` is how far it is, with a total of 0 until it has its turn.

    ``future`` gives the answer, or raises what went wrong; Cancelled where ``cancel`` was called in time.
    """

    def __init__(self) -> None:
        self.now = Progress()
        self.future: Future[Answer]
        self._stop = threading.Event()

    def cancel(self) -> None:
        """Stops the job before its next batch, or before it begins."""
        self._stop.set()
        if self.future.cancel():
            self.future.set_running_or_notify_cancel()

    @property
    def stopping(self) -> bool:
        """Whether it was cancelled, though a batch may be under way."""
        return self._stop.is_set()

    def error(self) -> BaseException | None:
        """What went wrong with a job that is done, if anything."""
        return Cancelled() if self.future.cancelled() else self.future.exception()

    def watch(
        self, pause: Callable[[], None], unwanted: Callable[[], bool] = lambda: False, request_id: str = ""
    ) -> Watch:
        """Follows the work for this job, which stops too where it is ``unwanted``."""
        return Watch(self._hear, lambda: self._stop.is_set() or unwanted(), pause, request_id=request_id)

    def _hear(self, now: Progress) -> None:
        self.now = now
