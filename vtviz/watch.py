"""Who waits for a method: progress, cancelling, and pauses for others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class Cancelled(Exception):
    """The person who asked does not want the result any more."""


@dataclass(frozen=True)
class Watch:
    """Someone who waits: ``progress`` hears passes done and passes in all, ``cancelled`` is asked between batches, and
    ``pause`` is called between batches where nothing holds the model, so that others may use it."""

    progress: Callable[[int, int], None] = lambda done, total: None
    cancelled: Callable[[], bool] = lambda: False
    pause: Callable[[], None] = lambda: None

    def step(self, done: int, total: int, pause: bool = True) -> None:
        """To be called before the first batch and after each. Raises Cancelled where the result is not wanted."""
        self.progress(done, total)
        if pause and done < total:
            self.pause()
        if self.cancelled():
            raise Cancelled


class Count:
    """Counts the passes of one method for a watch.

    Args:
        watch: hears of them.
        total: passes in all.
    """

    def __init__(self, watch: Watch, total: int) -> None:
        self.watch, self.done, self.total = watch, 0, total
        watch.step(0, total)

    def add(self, passes: int) -> None:
        """So many more are done, of which the total is the most.

        Raises:
            Cancelled: where the result is not wanted.
        """
        self.done = min(self.done + passes, self.total)
        self.watch.step(self.done, self.total)

    def extend(self, passes: int) -> None:
        """So many more turn out to be needed."""
        self.total += passes
