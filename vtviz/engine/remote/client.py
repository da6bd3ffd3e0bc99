"""The engine of another process: the same contract, over HTTP."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
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
from vtviz.engine.slow_job import SlowJob
from vtviz.engine.turns import WAITING, Busy
from vtviz.inputs import InputError
from vtviz.models.base import ModelError
from vtviz.watch import Progress, Watch

Answer = TypeVar("Answer")
log = logging.getLogger("vtviz")

PREFIX = "/v1/engine"
CONNECT, SILENCE = 5.0, 30.0  # seconds until an engine counts as away: to be reached, and between two signs of life
AGAIN = 1.0  # seconds after which one that is away is asked again
AWAY = "away"  # the stage of long work that waits for its engine
WHO = "vtviz-who"  # the header that names the person who asks


class EngineAway(ModelError):
    """The engine cannot be reached, or its connection broke."""


class RemoteEngine:
    """Sends requests to ``vtviz serve``. Parts of long work wait where the engine is away, and go on once it is back;
    whatever a person waits for says so at once.

    Args:
        address: such as ``http://127.0.0.1:8600``.
        token: what the engine knows its apps by, if it asks for one.
        client: an HTTP client of one's own, as for a certificate; it knows the address.
    """

    def __init__(self, address: str, token: str = "", client: httpx.Client | None = None) -> None:
        self.address = address.rstrip("/")
        if not self.address.startswith(("http://", "https://")):
            raise InputError("{address} is no address of an engine; write http://HOST:PORT.", address=address)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
        self._client = client or httpx.Client(
            base_url=self.address, headers=headers, timeout=httpx.Timeout(SILENCE, connect=CONNECT), limits=limits
        )
        self._lock = threading.Lock()
        self._jobs: dict[str, SlowJob[Any]] = {}

    def ask(self, request: Request[Answer], watch: Watch | None = None) -> Answer:
        """Waits for the answer of a request.

        Raises:
            InputError, ModelError, Busy, Cancelled: as the engine does.
            EngineAway: if it cannot be reached.
        """
        return self._answer("ask", request, watch or Watch())

    def start(self, request: Request[Answer], watch: Watch | None = None) -> SlowJob[Answer]:
        """Begins a slow request, or gives the job that is at it already.

        Raises:
            Busy: if too many requests are waiting already.
            EngineAway: if the engine cannot be reached.
        """
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
        return not request.slow or bool(self._said("ready", encode_request(request), bool, False))

    def is_loaded(self, model: str, device: str | None = None) -> bool:
        """Whether a model is kept, so that a request for it need not load it."""
        asked = msgspec.msgpack.encode((model, device))
        return bool(self._said("loaded", asked, bool, False))

    def status(self) -> Status:
        """The engine at this moment.

        Raises:
            EngineAway: if it cannot be reached.
        """
        status: Status = self._said("status", b"", Status)
        return status

    def close(self) -> None:
        """Lets go of the connections; the engine itself goes on."""
        self._client.close()

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

        watch = Watch(hear, lambda: job.stopping or outer.cancelled(), who=outer.who)
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
        body = encode_request(request)
        while True:
            try:
                data = self._listen(path, body, watch, begun)
                break
            except EngineAway:
                if request.key is not None or not request.slow:
                    raise
                if watch.now.stage != AWAY:
                    log.warning("The engine at %s is away; this waits for it.", self.address)
            watch.tell(Progress(AWAY))
            until = time.monotonic() + AGAIN
            while time.monotonic() < until:
                watch.check(pause=False)
                time.sleep(AGAIN / 10)
        return self._read(lambda: decode_answer(data, request))

    def _listen(self, path: str, body: bytes, watch: Watch, begun: threading.Event | None) -> bytes:
        """The bytes of an answer; until they come, ``watch`` hears how far the engine is. Leaving cancels the work."""
        headers = {WHO: quote(watch.who)}
        with self._reached(), self._client.stream("POST", f"{PREFIX}/{path}", content=body, headers=headers) as stream:
            self._check(stream)
            for frame in read_frames(stream.iter_bytes()):
                if begun is not None and frame.kind != FAILURE:
                    begun.set()
                if frame.kind == ANSWER:
                    return frame.body
                if frame.kind == FAILURE:
                    raise read_failure(frame)
                if frame.kind == PROGRESS:
                    watch.tell(read_progress(frame))
                watch.check(pause=False)
            raise BrokenStream("it ends without an answer")

    def _said(self, path: str, body: bytes, kind: Any, otherwise: Any = None) -> Any:
        """What the engine says at once, or ``otherwise`` where it is away, if that is given."""
        try:
            with self._reached():
                response = self._client.post(f"{PREFIX}/{path}", content=body)
                self._check(response)
                return self._read(lambda: decode(response.content, kind))
        except EngineAway:
            if otherwise is None:
                raise
            return otherwise

    def _read(self, decoded: Callable[[], Answer]) -> Answer:
        try:
            return decoded()
        except msgspec.MsgspecError as error:
            raise ModelError(
                "The engine at {address} is of another version of vtviz; install the same one for both.",
                address=self.address,
            ) from error

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Raises EngineAway where what is inside fails for the connection."""
        try:
            yield
        except (httpx.HTTPError, BrokenStream) as error:
            raise EngineAway(
                "The engine at {address} does not answer; start it with `vtviz serve`, or wait until it is back.",
                address=self.address,
            ) from error

    def _check(self, response: httpx.Response) -> None:
        if response.status_code in (401, 403):
            raise EngineAway(
                "The engine at {address} does not know this app; set the same VTVIZ_ENGINE_TOKEN for both.",
                address=self.address,
            )
        if response.status_code != 200:
            raise BrokenStream(f"status {response.status_code}")
