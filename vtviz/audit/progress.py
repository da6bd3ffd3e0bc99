"""How far an audit is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Progress:
    """Steps of a stage done and in all, rows that failed so far, and the seconds left of the stage where they can be
    told. The stages are ``rows`` (of every model), ``checks`` (sanity and heads) and ``report``."""

    stage: str
    done: int
    total: int
    failed: int = 0
    seconds_left: float | None = None


class Clock:
    """Tells the steps of each stage, and the time that the rest of it will take at the pace so far."""

    def __init__(self, progress: Callable[[Progress], None]) -> None:
        self._tell, self._failed = progress, 0

    def enter(self, stage: str, done: int, total: int, failed: int = 0) -> None:
        """A stage begins; some of its steps may have been done before."""
        self._now, self._first, self._began = (
            Progress(stage, done, total, self._failed + failed),
            done,
            time.monotonic(),
        )
        self._failed = self._now.failed
        self._tell(self._now)

    def step(self, failed: int = 0) -> None:
        """One more is done."""
        self._failed += failed
        done = self._now.done + 1
        left = (time.monotonic() - self._began) / (done - self._first) * (self._now.total - done)
        self._now = replace(self._now, done=done, failed=self._failed, seconds_left=left)
        self._tell(self._now)
