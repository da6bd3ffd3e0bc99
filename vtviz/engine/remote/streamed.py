"""An engine elsewhere: the same contract, however its frames travel."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import msgspec

from vtviz.engine.engine import Request, Status
from vtviz.engine.messages import decode, decode_answer, encode_request
from vtviz.engine.remote.frames import (
    ANSWER,
    FAILURE,
    PROGRESS,
    BrokenStream,
    read_failure,
    read_frames,
    read_progress,
)
from vtviz.engine.remote.here import EngineHere, is_made_here, needs_store
from vtviz.engine.slow_job import SlowJob
from vtviz.engine.turns import WAITING, Busy
from vtviz.logs import new_id
from vtviz.models.base import ModelError
from vtviz.watch import Progress, Watch

Answer = TypeVar("Answer")
log = logging.getLogger("vtviz")

AGAIN = 1.0  # seconds after which one that is away is asked again
AWAY = "away"  # the stage of long work that waits for its engine


class EngineAway(ModelError):
    """The engine cannot be reached, or its connection broke."""


class Wire(Protocol):
    """How requests reach an engine elsewhere. What fails for the way raises EngineAway."""

    @property
    def address(self) -> str:
        """Where the engine is, for people."""

    def stream(
        self, path: str, body: bytes, who: str, request_id: str, model: str
    ) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes that the engine's door answers to a request for a model; leaving the ``with`` cancels the work."""

    def said(self, path: str, body: bytes) -> bytes:
        """What the door says at once."""

    def close(self) -> None:
        """Lets go of the connections."""


class StreamedEngine:
    """Sends requests over a wire. Parts of long work wait where the engine is away, and go on once it is back; whatever
    a person waits for says so at once.

    What is about files of this machine (see ``here``) is answered in this process.

    Args:
        wire: how requests reach the engine.
        device: what this process runs on, as LocalEngine names it.
    """

    def __init__(self, wire: Wire, device: str = "auto") -> None:
        self._wire, self._here = wire, EngineHere(device)
        self._lock = threading.Lock()
        self._jobs: dict[str, SlowJob[Any]] = {}

    def ask(self, request: Request[Answer], watch: Watch | None = None) -> Answer:
        """Waits for the answer of a request.

        Raises:
            InputError, ModelError, Busy, Cancelled: as the engine does.
            EngineAway: if it cannot be reached.
        """
        if needs_store(request) or is_made_here(request.model):
            return self._answer_here(request, watch)
        return self._answer("ask", request, watch or Watch())

    def start(self, request: Request[Answer], watch: Watch | None = None) -> SlowJob[Answer]:
        """Begins a slow request, or gives the job that is at it already.

        Raises:
            Busy: if too many requests are waiting already.
            EngineAway: if the engine cannot be reached.
        """
        if is_made_here(request.model):
            return self._here().start(request, watch)
        outer, key = watch or Watch(), f"{type(request).__name__} {request.key} {request.device}"
        with self._lock:
            if key in self._jobs:
                return self._jobs[key]
            job = self._jobs[key] = SlowJob[Answer]()
            job.future = Future[Answer]()
        begun = threading.Event()
        threading.Thread(target=self._work, args=(key, request, job, outer, begun), daemon=True).start()
        begun.wait()
        error = job.future.exception() if job.future.done() and not job.future.cancelled() else None
        if isinstance(error, EngineAway | Busy):
            raise error
        return job

    def is_ready(self, request: Request[Any]) -> bool:
        """Whether the answer is kept, or does not take many passes."""
        if is_made_here(request.model):
            return self._here().is_ready(request)
        return not request.slow or bool(self._said("ready", encode_request(request), bool, False))

    def is_loaded(self, model: str, device: str | None = None) -> bool:
        """Whether a model is kept, so that a request for it need not load it."""
        if is_made_here(model):
            return self._here().is_loaded(model, device)
        asked = msgspec.msgpack.encode((model, device))
        return bool(self._said("loaded", asked, bool, False))

    def status(self) -> Status:
        """The engine at this moment, and what this process answered in its place.

        Raises:
            EngineAway: if it cannot be reached.
        """
        status: Status = self._said("status", b"", Status)
        here = self._here.begun
        if here is None:
            return status
        return replace(status, runs=tuple(sorted((*status.runs, *here.runs.entries()), key=lambda entry: entry.at)))

    def close(self) -> None:
        """Lets go of the connections; the engine itself goes on."""
        self._here.close()
        self._wire.close()

    def _answer_here(self, request: Request[Answer], watch: Watch | None) -> Answer:
        return self._here().ask(request, watch)

    def _work(
        self, key: str, request: Request[Answer], job: SlowJob[Answer], outer: Watch, begun: threading.Event
    ) -> None:
        """Follows a job on the engine. Its future runs from the first step of its work on, and until then can be
        cancelled at once."""
        future = job.future

        def runs() -> bool:
            return future.running() or (not future.cancelled() and future.set_running_or_notify_cancel())

        def hear(now: Progress) -> None:
            job.now = now
            if now.stage not in ("", WAITING):
                runs()

        watch = Watch(hear, lambda: job.stopping or outer.cancelled(), who=outer.who, request_id=outer.request_id)
        try:
            answer = self._answer("start", request, watch, begun)
            if runs():
                future.set_result(answer)
        except BaseException as error:  # whoever waits for it is told
            if runs():
                future.set_exception(error)
        finally:
            with self._lock:
                self._jobs.pop(key, None)
            begun.set()

    def _answer(
        self, path: str, request: Request[Answer], watch: Watch, begun: threading.Event | None = None
    ) -> Answer:
        body, request_id = encode_request(request), watch.request_id or new_id()
        while True:
            try:
                data = self._listen(path, body, request_id, request.model, watch, begun)
                break
            except EngineAway:
                if request.key is not None or not request.slow:
                    raise
                if watch.now.stage != AWAY:
                    log.warning("The engine at %s is away; this waits for it.", self._wire.address)
            watch.tell(Progress(AWAY))
            until = time.monotonic() + AGAIN
            while time.monotonic() < until:
                watch.check(pause=False)
                time.sleep(AGAIN / 10)
        return self._read(lambda: decode_answer(data, request))

    def _listen(
        self, path: str, body: bytes, request_id: str, model: str, watch: Watch, begun: threading.Event | None
    ) -> bytes:
        """The bytes of an answer; until they come, ``watch`` hears how far the engine is. Leaving cancels the work."""
        with self._wire.stream(path, body, watch.who, request_id, model) as chunks:
            for frame in read_frames(chunks):
                if begun is not None and frame.kind != FAILURE:
                    begun.set()
                if frame.kind == ANSWER:
                    return frame.body
                if frame.kind == FAILURE:
                    error = read_failure(frame)
                    error.add_note(f"The log of the engine calls this request {request_id}.")
                    raise error
                if frame.kind == PROGRESS:
                    watch.tell(read_progress(frame))
                watch.check(pause=False)
            raise BrokenStream("it ends without an answer")

    def _said(self, path: str, body: bytes, kind: Any, otherwise: Any = None) -> Any:
        """What the engine says at once, or ``otherwise`` where it is away, if that is given."""
        try:
            data = self._wire.said(path, body)
        except EngineAway:
            if otherwise is None:
                raise
            return otherwise
        return self._read(lambda: decode(data, kind))

    def _read(self, decoded: Callable[[], Answer]) -> Answer:
        try:
            return decoded()
        except msgspec.MsgspecError as error:
            raise ModelError(
                "The engine at {address} is of another version of vtviz; install the same one for both.",
                address=self._wire.address,
            ) from error
