"""Turns at an engine: one worker, a bounded queue, and slow work that lets quick work pass between its batches."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import torch

from vtviz.engine.slow_job import SlowJob
from vtviz.errors import UserError
from vtviz.watch import Watch

QUEUE = 16

Value = TypeVar("Value")


class Busy(UserError, RuntimeError):
    """Too many requests are waiting."""


class Turns:
    """Who runs when. All work runs on one thread, one piece at a time; at most ``QUEUE`` requests wait."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="vtviz-engine")
        self._places = threading.BoundedSemaphore(QUEUE)
        self._waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._jobs: dict[str, SlowJob[Any]] = {}
        self._jobs_lock = threading.Lock()

    def ask(self, run: Callable[[], Value], slow: bool = False) -> Value:
        """Waits for the result of ``run``; a slow one lets nobody pass but where it calls ``let_pass``.

        Raises:
            Busy: if ``QUEUE`` requests are waiting already.
        """
        self._take_place()
        try:
            return self.wait(run, slow)
        finally:
            self._places.release()

    def wait(self, run: Callable[[], Value], slow: bool = False) -> Value:
        """The same for a part of longer work, which is never refused."""
        return (self._submit(run) if slow else self._quick(run)).result()

    def start(self, key: str, make: Callable[[Watch], Callable[[], Value]]) -> SlowJob[Value]:
        """Begins what ``make`` gives for the job's watch, or gives the job of this key that is at it already.

        Raises:
            Busy: if ``QUEUE`` requests are waiting already.
        """
        with self._jobs_lock:
            if key in self._jobs:
                return self._jobs[key]
            self._take_place()
            job = self._jobs[key] = SlowJob[Value]()
            job.future = self._submit(make(job.watch(self.let_pass)))
        job.future.add_done_callback(lambda _: self._finish(key))
        return job

    def _submit(self, run: Callable[[], Value]) -> Future[Value]:
        """The result of ``run``, in its turn."""
        return self._worker.submit(run)

    def _quick(self, run: Callable[[], Value]) -> Future[Value]:
        """The result of ``run``, in its turn, or between two batches of a slow request."""
        future: Future[Value] = Future()

        def answer() -> None:
            try:
                future.set_result(run())
            except BaseException as error:  # whoever waits for it is told
                future.set_exception(error)

        self._waiting.put(answer)
        self._worker.submit(self.let_pass)
        return future

    def let_pass(self) -> None:
        """Runs the quick work that waits. For the worker alone: slow work calls it between its batches.

        The slow work finds torch as it left it: its random numbers (loading a model draws some) and its modes.
        """
        if self._waiting.empty():
            return
        with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad():
            while not self._waiting.empty():
                self._waiting.get_nowait()()  # only the worker takes from the queue

    def close(self) -> None:
        """Ends the worker once it is done."""
        self._worker.shutdown()

    def _take_place(self) -> None:
        if not self._places.acquire(blocking=False):
            raise Busy("Too many requests are waiting; try again in a moment.")

    def _finish(self, key: str) -> None:
        with self._jobs_lock:
            self._jobs.pop(key, None)
        self._places.release()
