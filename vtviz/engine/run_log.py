"""What an engine did lately, for the Monitor page and for Prometheus. Bounded: the oldest entries make room."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from vtviz.attribution.registry import methods
from vtviz.machine import memory_mb
from vtviz.models.base import ScoreKind
from vtviz.models.registry import OTHER, offered_name

if TYPE_CHECKING:
    import torch

KEPT = 500
EXPLAIN = "Explain"  # the request that most figures are about
Value = TypeVar("Value")


@dataclass(frozen=True)
class Notes:
    """What an answer tells the log of itself: ``about`` is the fingerprint of the explanation that ``figures`` were
    measured of, and ``entropy`` that of the attention at its layer, 0..1."""

    method: str = ""
    timings_ms: dict[str, float] = field(default_factory=dict)
    score: float | None = None
    score_kind: ScoreKind = "probability"
    entropy: float | None = None
    memory_mb: float | None = None
    about: str | None = None
    figures: dict[str, float] = field(default_factory=dict)


@runtime_checkable
class Noted(Protocol):
    """An answer that tells the log of itself."""

    @property
    def notes(self) -> Notes: ...


@dataclass(frozen=True)
class RunEntry:
    """One request that was answered, or failed (``error`` is the kind of its failure).

    ``request`` is its kind, such as ``Explain``, and ``key`` its name; ``at`` is in seconds since 1970; ``waited_ms``
    the time before its turn came; ``waiting`` how many others waited then; ``entropy`` that of the attention at its
    layer, 0..1; ``faithfulness`` what was measured later, by name.
    """

    at: float
    request: str
    key: str
    model: str
    method: str
    waited_ms: float
    waiting: int
    memory_mb: float
    timings_ms: dict[str, float] = field(default_factory=dict)
    score: float | None = None
    score_kind: ScoreKind = "probability"
    entropy: float | None = None
    faithfulness: dict[str, float] = field(default_factory=dict)
    error: str | None = None


class RunLog:
    """The last runs of an engine on a device, and a Prometheus registry of all of them."""

    def __init__(self, device: torch.device, kept: int = KEPT) -> None:
        self._device, self._lock = device, threading.Lock()
        self._entries: deque[RunEntry] = deque(maxlen=kept)
        self._waiting = 0
        self.registry = own = CollectorRegistry()
        self._requests = Counter(
            "requests", "Requests answered.", ["request", "model", "outcome"], "vtviz", registry=own
        )
        self._explanations = Counter(
            "explanations", "Explanations made.", ["model", "method", "outcome"], "vtviz", registry=own
        )
        self._stages = Histogram("stage_seconds", "Time of each stage of a request.", ["stage"], "vtviz", registry=own)
        self._turns = Histogram(
            "wait_seconds", "Time before the turn of a request came.", namespace="vtviz", registry=own
        )
        Gauge("waiting", "Requests not yet answered.", namespace="vtviz", registry=own).set_function(
            lambda: self.waiting
        )
        memory = Gauge("memory_bytes", "Memory of the process, or of torch on a GPU.", namespace="vtviz", registry=own)
        memory.set_function(lambda: memory_mb(device) * 2**20)

    @property
    def waiting(self) -> int:
        """How many requests are not yet answered."""
        return self._waiting

    def entries(self) -> tuple[RunEntry, ...]:
        """The last runs, oldest first."""
        with self._lock:
            return tuple(self._entries)

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Counts someone who waits for an answer inside the ``with``."""
        with self._lock:
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1

    def timed(
        self, request: str, key: str, model: str, method: str, asked_at: float, run: Callable[[], Value]
    ) -> Value:
        """Runs and notes what was asked for at ``asked_at`` (``time.perf_counter``)."""
        waited = round((time.perf_counter() - asked_at) * 1000, 2)
        others = max(0, self._waiting - 1)

        def entry() -> RunEntry:
            return RunEntry(time.time(), request, key, model, method, waited, others, memory_mb(self._device))

        try:
            answer = run()
        except Exception as error:
            self._add(replace(entry(), error=type(error).__name__))
            raise
        self._add(self._noted(entry(), answer.notes) if isinstance(answer, Noted) else entry())
        return answer

    def _noted(self, entry: RunEntry, notes: Notes) -> RunEntry:
        """The entry with the notes of its answer; what was measured of an explanation goes to the entry of that one."""
        if notes.about is not None:
            self._attach(notes.about, notes.figures)
        return replace(
            entry,
            method=notes.method or entry.method,
            timings_ms=notes.timings_ms,
            score=notes.score,
            score_kind=notes.score_kind,
            entropy=notes.entropy,
            memory_mb=entry.memory_mb if notes.memory_mb is None else notes.memory_mb,
        )

    def _attach(self, key: str, figures: dict[str, float]) -> None:
        with self._lock:
            for index, entry in enumerate(self._entries):
                if entry.key == key:
                    self._entries[index] = replace(entry, faithfulness={**entry.faithfulness, **figures})

    def _add(self, entry: RunEntry) -> None:
        with self._lock:
            self._entries.append(entry)
        outcome = "failed" if entry.error else "ok"
        model = offered_name(entry.model)  # people may write any name, and each would be kept for ever
        self._requests.labels(entry.request, model, outcome).inc()
        if entry.request == EXPLAIN:
            method = entry.method if entry.method in methods() or not entry.method else OTHER
            self._explanations.labels(model, method, outcome).inc()
        self._turns.observe(entry.waited_ms / 1000)
        for stage, spent in entry.timings_ms.items():
            self._stages.labels(stage).observe(spent / 1000)


def exposition(log: RunLog) -> bytes:
    """The figures of a log in the text format of Prometheus."""
    return generate_latest(log.registry)
