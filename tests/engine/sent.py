"""An engine that knows the contract alone: every request and answer goes through bytes, as to another process."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from vtviz.engine.engine import Engine, Job, Request, Status
from vtviz.engine.messages import decode, decode_answer, decode_request, encode, encode_request
from vtviz.watch import Cancelled, Progress, Watch

Answer = TypeVar("Answer")


class SentJob(Generic[Answer]):
    """A job whose answer is sent."""

    def __init__(self, job: Job[Answer], request: Request[Answer]) -> None:
        self.job, self.future = job, Future[Answer]()
        job.future.add_done_callback(lambda done: self._receive(done, request))

    @property
    def now(self) -> Progress:
        return self.job.now

    @property
    def stopping(self) -> bool:
        return self.job.stopping

    def cancel(self) -> None:
        self.job.cancel()

    def error(self) -> BaseException | None:
        return Cancelled() if self.future.cancelled() else self.future.exception()

    def _receive(self, done: Future[Answer], request: Request[Answer]) -> None:
        if done.cancelled():
            self.future.cancel()
            self.future.set_running_or_notify_cancel()
        elif done.exception() is not None:
            self.future.set_exception(done.exception())
        else:
            self.future.set_result(decode_answer(encode(done.result()), request))


class SentEngine:
    """Wraps an engine and hands it nothing but what was sent."""

    def __init__(self, inner: Engine) -> None:
        self._inner = inner
        self._jobs: dict[int, SentJob[Any]] = {}

    def ask(self, request: Request[Answer], watch: Watch | None = None) -> Answer:
        answer = self._inner.ask(decode_request(encode_request(request)), watch)
        return decode_answer(encode(answer), request)

    def start(self, request: Request[Answer], watch: Watch | None = None) -> Job[Answer]:
        job = self._inner.start(decode_request(encode_request(request)), watch)
        return self._jobs.setdefault(id(job), SentJob(job, request))

    def is_ready(self, request: Request[Answer]) -> bool:
        return self._inner.is_ready(decode_request(encode_request(request)))

    def is_loaded(self, model: str, device: str | None = None) -> bool:
        return self._inner.is_loaded(model, device)

    def status(self) -> Status:
        status: Status = decode(encode(self._inner.status()), Status)
        return status

    def close(self) -> None:
        self._inner.close()
