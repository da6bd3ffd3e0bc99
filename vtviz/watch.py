"""How whoever waits for work follows it: stages, counts and shares of it, cancelling, and pauses for others."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TypeVar

Step = TypeVar("Step")


class Cancelled(Exception):
    """The person who asked no longer wants the result."""


def as_clock(seconds: float) -> str:
    """A duration as hours, minutes and whole seconds, ``25:00:00``; a day is 24 hours more."""
    minutes, rest = divmod(int(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest:02d}"


@dataclass(frozen=True)
class Progress:
    """How far work is: ``done`` of the ``total`` steps of a ``stage`` (0 where the total is not known), how many of
    them ``failed``, and the seconds that the rest of the stage will take, where that can be told. ``note`` is what the
    last step had to say, such as the losses of a training."""

    stage: str = ""
    done: int = 0
    total: int = 0
    failed: int = 0
    seconds_left: float | None = None
    note: str = ""

    @property
    def share(self) -> float:
        """The part of the stage that is done, 0..1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0


class Watch:
    """Someone who waits for work.

    Args:
        hear: gets every Progress, in the thread that does the work.
        cancelled: asked between steps whether the result is no longer wanted.
        pause: called between steps where nothing holds the model, so that others may use it.
        who: names the person, where one at a time is served; "" is nobody in particular.
        request_id: names what was asked for in the logs of all processes that work on it; "" has no name yet.
    """

    def __init__(
        self,
        hear: Callable[[Progress], None] = lambda now: None,
        cancelled: Callable[[], bool] = lambda: False,
        pause: Callable[[], None] = lambda: None,
        who: str = "",
        request_id: str = "",
    ) -> None:
        self.hear, self.cancelled, self.pause, self.who, self.request_id = hear, cancelled, pause, who, request_id
        self.now = Progress()
        self._began = time.perf_counter()
        self._first, self._first_at = 0, self._began  # from where and when the pace is measured
        self._spent: dict[str, float] = {}

    def tell(self, now: Progress) -> None:
        """Takes over how far the work is, also where another watch follows it on behalf of this one."""
        self.now = now
        self.hear(now)

    def enter(self, stage: str, total: int = 0, done: int = 0, failed: int = 0) -> None:
        """A stage begins; some of its steps may have been done before."""
        self._leave()
        self._began = time.perf_counter()
        self._first, self._first_at = done, self._began
        self.tell(Progress(stage, done, total, failed))

    def step(self, done: int, total: int, pause: bool = True, note: str = "") -> None:
        """So many steps of the stage are done. To be called before the first one and after each.

        Raises:
            Cancelled: where the result is no longer wanted.
        """
        if done < self.now.done:
            self._first, self._first_at = done, time.perf_counter()
        self.tell(replace(self.now, done=done, total=total, seconds_left=self._left(done, total), note=note))
        self.check(pause and done < total)

    def advance(self, steps: int = 1, failed: int = 0, note: str = "") -> None:
        """So many more steps are done, of which the total is the most.

        Raises:
            Cancelled: where the result is no longer wanted.
        """
        self.now = replace(self.now, failed=self.now.failed + failed)
        self.step(min(self.now.done + steps, self.now.total), self.now.total, note=note)

    def follow(self, stage: str, steps: Collection[Step]) -> Iterator[Step]:
        """The steps of a stage one by one; each is done once the next is asked for.

        Raises:
            Cancelled: where the result is no longer wanted.
        """
        self.enter(stage, len(steps))
        self.check()
        for step in steps:
            yield step
            self.advance()

    def reach(self, stage: str, done: int, total: int) -> None:
        """So many steps of a stage are done, which begins where it is not the present one; nobody else is let in.

        Raises:
            Cancelled: where the result is no longer wanted.
        """
        if self.now.stage != stage:
            self.enter(stage, total)
        self.step(done, total, pause=False)

    def extend(self, steps: int) -> None:
        """So many more steps turn out to be needed."""
        self.now = replace(self.now, total=self.now.total + steps)

    def check(self, pause: bool = True) -> None:
        """Lets others pass, and stops the work where nobody wants it.

        Raises:
            Cancelled: where the result is no longer wanted.
        """
        if pause:
            self.pause()
        if self.cancelled():
            raise Cancelled

    def quietly(self) -> Watch:
        """The same for a part of the work whose own steps are not worth hearing of."""
        return Watch(cancelled=self.cancelled, pause=self.pause, request_id=self.request_id)

    def spent_ms(self) -> dict[str, float]:
        """The time that each stage took until now, in milliseconds."""
        self._leave()
        return dict(self._spent)

    def _leave(self) -> None:
        """Notes the time of the stage that ends."""
        if self.now.stage:
            now = time.perf_counter()
            self._spent[self.now.stage] = self._spent.get(self.now.stage, 0.0) + (now - self._began) * 1000
            self._began = now

    def _left(self, done: int, total: int) -> float | None:
        taken = done - self._first
        return (time.perf_counter() - self._first_at) / taken * (total - done) if taken > 0 and total else None


_current: ContextVar[Watch | None] = ContextVar("vtviz_watch", default=None)


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Inside the ``with``, ``watch`` is the ``current_watch`` of this thread, for work that is not given one, such as
    the loading of a model by a plug-in."""
    token = _current.set(watch)
    try:
        yield
    finally:
        _current.reset(token)


def current_watch() -> Watch:
    """The watch of the work that this thread does; one that hears nothing where there is none."""
    return _current.get() or Watch()
