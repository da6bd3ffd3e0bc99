"""The contract of every engine: what it is asked, how, and what it tells of itself.

A request is data, and so is its answer: both can be sent to another process (see ``messages``). It names the model that
it is for and knows how that model answers it; who runs when, what is kept, where it runs, and what the log notes is the
engine's business, alike for all requests.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

from torch import Tensor

from vtviz.engine.run_log import RunEntry, RunLog
from vtviz.inputs import ImageInput
from vtviz.models.base import FusionModel
from vtviz.watch import Progress, Watch

Value = TypeVar("Value")
Answer = TypeVar("Answer")
AnswerOut = TypeVar("AnswerOut", covariant=True)


class Workbench(Protocol):
    """What an engine keeps at hand for the requests that one model answers."""

    def features(self, model: FusionModel, image: ImageInput) -> Tensor:
        """What the model reads of a photo, ``[1, patches, channels]``; a known photo is not encoded again."""

    def share(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What requests in a row have in common, made once; only the last few are kept."""


class Request(Protocol[AnswerOut]):
    """A frozen dataclass of plain values, arrays and the dataclasses of this package.

    ``device`` is the engine's own where None. Equal requests have equal keys: the answer is kept under the key and
    noted in the log. A ``key`` of None marks a part of longer work, which is neither kept nor noted, and never refused.
    ``slow`` requests wait for each other, and let the others pass between their steps.
    """

    @property
    def model(self) -> str: ...

    @property
    def device(self) -> str | None: ...

    @property
    def key(self) -> str | None: ...

    @property
    def slow(self) -> bool: ...

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> AnswerOut:
        """What the loaded model says. ``watch`` hears of the progress and may cancel; others run in its pauses."""


@runtime_checkable
class Batched(Protocol):
    """A kind of request, parts of longer work, of which several can be answered in the same passes of a model. The
    answers are those of ``answer``, but for the rounding of a larger batch."""

    @staticmethod
    def answer_together(
        requests: Sequence[Any],
        model: FusionModel,
        features: Callable[[Sequence[ImageInput]], list[Tensor]],
        watch: Watch,
    ) -> list[Any]:
        """The answer of each request. ``features`` are what the model reads of photos, ``[1, patches, channels]``
        each; photos that are not known yet are encoded in one pass."""


class Job(Protocol[Answer]):
    """A slow request on its way; ``future`` gives its answer, or Cancelled where it was cancelled in time."""

    @property
    def future(self) -> Future[Answer]: ...

    @property
    def now(self) -> Progress: ...

    @property
    def stopping(self) -> bool:
        """Whether it was cancelled, though a batch may be under way."""

    def cancel(self) -> None:
        """Stops it before its next batch, or before it begins."""

    def error(self) -> BaseException | None:
        """What went wrong with a job that is done, if anything."""


@dataclass(frozen=True)
class Status:
    """An engine at this moment: its device for a person, the memory in use in MiB, how many requests wait of those that
    may, and its last runs, oldest first."""

    device: str
    memory_mb: float
    waiting: int
    places: int
    runs: tuple[RunEntry, ...]


class Engine(Protocol):
    """The only door to a model."""

    def ask(self, request: Request[Answer], watch: Watch | None = None) -> Answer:
        """Waits for the answer of a request.

        Raises:
            InputError: if the request asks for what the model cannot take.
            ModelError: if the model cannot be loaded.
            Busy: if too many requests are waiting already.
            Cancelled: if ``watch`` says so, or the person it names asks for something else while this waits.
        """

    def start(self, request: Request[Answer], watch: Watch | None = None) -> Job[Answer]:
        """Begins a slow request, or gives the job that is at it already. ``watch`` says whose it is, and whether it is
        still wanted.

        Raises:
            Busy: if too many requests are waiting already.
        """

    def is_ready(self, request: Request[Answer]) -> bool:
        """Whether the answer is kept, or does not take many passes."""

    def is_loaded(self, model: str, device: str | None = None) -> bool:
        """Whether a model is kept, so that a request for it need not load it."""

    def status(self) -> Status:
        """The engine at this moment."""

    def close(self) -> None:
        """Ends the engine once it is done."""


class LoggedEngine(Engine, Protocol):
    """An engine that keeps a log of what it answered, for whoever serves it."""

    @property
    def runs(self) -> RunLog: ...
