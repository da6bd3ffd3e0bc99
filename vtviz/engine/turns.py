"""Turns at an engine: one worker, places for everybody, and slow work that lets quick work pass between its batches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as NotYet
from typing import Any, TypeVar

import torch

from vtviz.engine.slow_job import SlowJob
from vtviz.errors import UserError
from vtviz.jobs.lanes import Lane, Share, Turn, take
from vtviz.logs import new_id
from vtviz.watch import Cancelled, Progress, Watch

QUEUE = 64  # quick requests at once, waiting or running
SLOW_QUEUE = 16  # slow ones
SLOW_EACH = 2  # of one person
SHARE = 0.25  # of the worker that slow work gets, however much quick work waits
ROUND = 2.0  # seconds of quick work before slow work gets its share
TICK = 0.1  # seconds after which whoever waits looks whether it is still wanted
WAITING = "waiting"  # the stage of a request before its turn: ``total`` others are ahead of it

Value = TypeVar("Value")


class Busy(UserError, RuntimeError):
    """Too many requests are waiting."""


class Turns:
    """Who runs when. All work runs on one thread, one piece at a time.

    Of the quick requests of one person that wait, the newest replaces the others: nobody looks at their answers any
    more. People take turns, so that one who asks much does not make others wait longer.
    """

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._quick, self._slow = Lane(), Lane()
        self._running: dict[bool, list[Turn[Any]]] = {False: [], True: []}  # by whether they are slow
        self._jobs: dict[str, SlowJob[Any]] = {}
        self._passing, self._owed_until, self._slow_waits_since, self._pace = False, 0.0, 0.0, 0.0
        self._closed = False
        self.stopping = threading.Event()
        # No daemon, although a daemon may make it: torch must not be cut off in the middle of a step.
        self._worker = threading.Thread(target=self._work, name="vtviz-engine", daemon=False)
        self._worker.start()
        threading.Thread(target=self._stop_with_the_process, name="vtviz-stop", daemon=True).start()

    def ask(self, run: Callable[[], Value], slow: bool = False, watch: Watch | None = None) -> Value:
        """Waits for the result of ``run``; a slow one lets nobody pass but where it calls ``let_pass``.

        ``watch`` hears how many are ahead, and says who asks and whether the result is still wanted.

        Raises:
            Busy: if too many requests are waiting already, or too many slow ones of the same person.
            Cancelled: if it is no longer wanted, or its person has asked for something else since.
        """
        watch = watch or Watch()
        with self._lock:
            self._need_place(slow, watch.who)
            if not slow and watch.who:
                for earlier in self._quick.of(watch.who):
                    self._quick.remove(earlier)
                    earlier.future.cancel()
                    earlier.future.set_running_or_notify_cancel()
            turn = self._add(run, slow, watch.who)
        return self._result(turn, watch)

    def wait(
        self,
        run: Callable[[], Value],
        slow: bool = False,
        watch: Watch | None = None,
        share: Share[Value] | None = None,
    ) -> Value:
        """The same for a part of longer work, which is never refused and replaces nothing; with a ``share``, it may run
        in one batch with others that wait."""
        watch = watch or Watch()
        with self._lock:
            turn = self._add(run, slow, watch.who, share)
        return self._result(turn, watch)

    def start(
        self, key: str, make: Callable[[Watch], Callable[[], Value]], watch: Watch | None = None
    ) -> SlowJob[Value]:
        """Begins what ``make`` gives for the job's watch, or gives the job of this key that is at it already.

        Raises:
            Busy: if too many slow requests are waiting already.
        """
        outer = watch or Watch()
        with self._lock:
            if key in self._jobs:
                return self._jobs[key]
            self._need_place(True, outer.who)
            job = self._jobs[key] = SlowJob[Value]()
            inner = job.watch(
                self.let_pass, lambda: outer.cancelled() or self.stopping.is_set(), outer.request_id or new_id()
            )
            job.future = self._add(make(inner), True, outer.who).future
        job.future.add_done_callback(lambda _: self._finish(key))
        return job

    def let_pass(self) -> None:
        """Runs the quick work that waits, if slow work had its share since. For the worker alone: slow work calls it
        between its batches.

        The slow work finds torch as it left it: its random numbers (loading a model draws some) and its modes.
        """
        if self._passing or not len(self._quick) or time.perf_counter() < self._owed_until:
            return
        self._passing, began = True, time.perf_counter()
        try:
            with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad():
                while time.perf_counter() - began < ROUND:
                    with self._lock:
                        turn = self._quick.next()
                    if turn is None:
                        break
                    self._take([turn], False)
        finally:
            self._passing = False
            now = time.perf_counter()
            self._owed_until = now + (now - began) * SHARE / (1.0 - SHARE)

    def close(self) -> None:
        """Ends the worker once it is done."""
        with self._lock:
            self._closed = True
            self._lock.notify_all()
        self._worker.join()

    def _add(self, run: Callable[[], Value], slow: bool, who: str, share: Share[Value] | None = None) -> Turn[Value]:
        if self._closed or self.stopping.is_set():
            raise Cancelled
        turn = Turn(run, who, share)
        if slow and not len(self._slow):
            self._slow_waits_since = time.perf_counter()
        (self._slow if slow else self._quick).add(turn)
        self._lock.notify_all()
        return turn

    def _need_place(self, slow: bool, who: str) -> None:
        lane, most = (self._slow, SLOW_QUEUE) if slow else (self._quick, QUEUE)
        if len(lane) + len(self._running[slow]) >= most:
            raise Busy("Too many requests are waiting; try again in a moment.")
        own = len(lane.of(who)) + sum(turn.who == who for turn in self._running[True])
        if slow and who and own >= SLOW_EACH:
            raise Busy("{count} slow requests of yours are on their way; wait for one, or cancel it.", count=SLOW_EACH)

    def _result(self, turn: Turn[Value], watch: Watch) -> Value:
        while True:
            try:
                return turn.future.result(TICK)
            except NotYet:
                if turn.future.done():  # the work itself raised it
                    raise
            except BaseException as error:
                if turn.future.cancelled():
                    raise Cancelled from error
                raise
            with self._lock:
                if (watch.cancelled() or self.stopping.is_set()) and self._drop(turn):
                    raise Cancelled
                ahead, waits = self._ahead(turn), not turn.future.running() and not turn.future.done()
            if waits:
                watch.tell(Progress(WAITING, total=ahead, seconds_left=(ahead + 1) * self._pace or None))

    def _drop(self, turn: Turn[Any]) -> bool:
        return self._quick.remove(turn) or self._slow.remove(turn)

    def _ahead(self, turn: Turn[Any]) -> int:
        lane = self._quick if turn in self._quick.of(turn.who) else self._slow
        return lane.ahead_of(turn)

    def _work(self) -> None:
        while True:
            with self._lock:
                while not (len(self._quick) or len(self._slow)) or self.stopping.is_set():
                    if self._closed:
                        return
                    self._lock.wait()
                long = time.perf_counter() - self._slow_waits_since >= ROUND
                slow = bool(len(self._slow)) and (long or not len(self._quick))
                lane = self._slow if slow else self._quick
                turn = lane.next()
                assert turn is not None
                turns = [turn, *lane.like(turn)]
            self._take(turns, slow)

    def _take(self, turns: list[Turn[Any]], slow: bool) -> None:
        began = time.perf_counter()
        self._running[slow] += turns
        try:
            take(turns)
        finally:
            for turn in turns:
                self._running[slow].remove(turn)
        now = time.perf_counter()
        if slow:
            self._slow_waits_since = now
        else:
            self._pace = now - began if not self._pace else 0.8 * self._pace + 0.2 * (now - began)

    def _finish(self, key: str) -> None:
        with self._lock:
            self._jobs.pop(key, None)

    def _stop_with_the_process(self) -> None:
        """Where the main thread ends, as on SIGTERM, all work stops at its next step, so that the process can end."""
        threading.main_thread().join()
        self.stopping.set()
        with self._lock:
            self._closed = True
            self._lock.notify_all()
