"""The door for vtviz's own apps: requests and answers as MessagePack, in streams that say how far the work is."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from vtviz.engine.engine import Engine
from vtviz.engine.engine import Request as AskedFor
from vtviz.engine.messages import decode_request, encode
from vtviz.engine.remote.client import WHO
from vtviz.engine.remote.frames import ALIVE, ANSWER, Frame, failure_frame, progress_frame
from vtviz.engine.remote.here import needs_store
from vtviz.errors import UserError
from vtviz.inputs import InputError
from vtviz.watch import Cancelled, Progress, Watch, current_watch, watching

log = logging.getLogger("vtviz.serve")
PLACES = 256  # requests that may wait at once; the engine itself refuses them long before
TICK, LIFE = 0.1, 0.5  # seconds between two looks at the progress, and between two signs of life
NEWS = 64  # steps that are told one by one between two looks
PACKED = "application/msgpack"


class Door:
    """Answers the requests of other processes with an engine of this one.

    Args:
        engine: answers them.
        check_model: refuses names of models whose files this engine does not open for others.
    """

    def __init__(self, engine: Engine, check_model: Callable[[str], None] = lambda name: None) -> None:
        self.engine, self._check_model = engine, check_model
        self._pool = ThreadPoolExecutor(PLACES, thread_name_prefix="vtviz-door")
        self._lookers: Counter[str] = Counter()  # of each slow job, which ends when the last one leaves
        self._lock = threading.Lock()

    def close(self) -> None:
        """Takes no more requests."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ask(self, data: bytes, watch: Watch) -> bytes:
        """The frame that answers a request."""
        try:
            return Frame(ANSWER, encode(self.engine.ask(self._read(data), watch))).written()
        except BaseException as error:
            return _failed(error, watch)

    def said(self, path: str, data: bytes) -> bytes:
        """What is answered at once: whether an answer is ``ready``, or a model ``loaded``, and the ``status``.

        Raises:
            InputError: if these are no bytes of a request.
            msgspec.MsgspecError: if they do not name a model.
        """
        if path == "ready":
            return encode(self.engine.is_ready(decode_request(data)))
        if path == "loaded":
            model, device = msgspec.msgpack.decode(data, type=tuple[str, str | None])
            return encode(self.engine.is_loaded(model, device))
        return encode(self.engine.status())

    def start(self, data: bytes, watch: Watch) -> bytes:
        """The same for a slow request, whose work several may watch."""
        try:
            request = self._read(data)
            key = f"{type(request).__name__} {request.key} {request.device}"
            with self._lock:
                self._lookers[key] += 1
            try:
                return self._followed(request, key, watch)
            finally:
                with self._lock:
                    self._lookers[key] -= 1
                    self._lookers = +self._lookers  # forgets the jobs that nobody follows
        except BaseException as error:
            return _failed(error, watch)

    def _read(self, data: bytes) -> AskedFor[Any]:
        """The request in bytes, if nothing of it is about files that are not for whoever asks."""
        request = decode_request(data)
        if needs_store(request):
            raise InputError("A store of photos is searched by the program that keeps it, not by an engine elsewhere.")
        self._check_model(request.model)
        return request

    def _followed(self, request: Any, key: str, watch: Watch) -> bytes:
        wanted = Watch(cancelled=lambda: not self._lookers[key], who=watch.who, request_id=watch.request_id)
        job = self.engine.start(request, wanted)
        watch.tell(job.now)
        while not job.future.done():
            if watch.cancelled():
                break
            if job.now is not watch.now:
                watch.tell(job.now)
            time.sleep(TICK / 2)
        if watch.cancelled():
            with self._lock:
                if self._lookers[key] == 1:
                    job.cancel()
            watch.check(pause=False)
        error = job.error()
        if error is not None:
            raise error
        return Frame(ANSWER, encode(job.future.result())).written()

    async def stream(
        self, work: Callable[[bytes, Watch], bytes], data: bytes, who: str, request_id: str
    ) -> AsyncIterator[bytes]:
        """The frames of a request until its last one; where the client leaves, the work is cancelled."""
        gone, heard, life = threading.Event(), _Heard(), time.monotonic()
        watch = Watch(heard.add, gone.is_set, who=who, request_id=request_id)
        running = asyncio.get_running_loop().run_in_executor(self._pool, work, data, watch)
        try:
            while not (await asyncio.wait({running}, timeout=TICK))[0]:
                news = heard.take()
                if news or time.monotonic() - life > LIFE:
                    life = time.monotonic()
                    yield b"".join(progress_frame(now).written() for now in news) or Frame(ALIVE).written()
            last = b"".join(progress_frame(now).written() for now in heard.take())
            yield last + running.result()
        finally:
            gone.set()


def _failed(error: BaseException, watch: Watch) -> bytes:
    """The frame that tells the client of an error; what is not for people goes to the log."""
    if not isinstance(error, UserError | Cancelled):
        with watching(watch):
            log.error("A request failed", exc_info=error)
    return failure_frame(error).written()


class _Heard:
    """Progress that was not told yet; where it is much, of each stage only the last."""

    def __init__(self) -> None:
        self._lock, self._news = threading.Lock(), list[Progress]()

    def add(self, now: Progress) -> None:
        with self._lock:
            if len(self._news) >= NEWS and self._news[-1].stage == now.stage:
                self._news.pop()
            self._news.append(now)

    def take(self) -> list[Progress]:
        with self._lock:
            news, self._news = self._news, []
        return news


def door_routes(door: Door) -> APIRouter:
    """The routes of the door; no part of the API for programs."""
    router = APIRouter(prefix="/engine", include_in_schema=False)

    def streamed(work: Callable[[bytes, Watch], bytes]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> StreamingResponse:
            who, named = unquote(request.headers.get(WHO, "")), current_watch().request_id
            return StreamingResponse(door.stream(work, await request.body(), who, named), media_type=PACKED)

        return answer

    router.add_api_route("/ask", streamed(door.ask), methods=["POST"], response_model=None)
    router.add_api_route("/start", streamed(door.start), methods=["POST"], response_model=None)

    def said(path: str) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            return Response(await asyncio.to_thread(door.said, path, await request.body()), media_type=PACKED)

        return answer

    for path in ("ready", "loaded", "status"):
        router.add_api_route(f"/{path}", said(path), methods=["POST"], response_model=None)
    return router
