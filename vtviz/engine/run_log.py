"""What an engine did lately, for the Monitor page and for Prometheus. Bounded: the oldest entries make room."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from vtviz.engine.explanation import Explanation, Request
from vtviz.machine import memory_mb
from vtviz.metrics.attention import entropy

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

KEPT = 500


@dataclass(frozen=True)
class RunEntry:
    """One explanation, or one that failed (``error`` is the kind of its failure).

    ``at`` is in seconds since 1970; ``waited_ms`` the time before its turn came; ``waiting`` how many others waited
    then; ``entropy`` that of the attention at its layer, 0..1; ``faithfulness`` what was measured later, by name.
    """

    at: float
    fingerprint: str
    model: str
    method: str
    waited_ms: float
    waiting: int
    memory_mb: float
    timings_ms: dict[str, float] = field(default_factory=dict)
    score: float | None = None
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
        self._runs = Counter(
            "explanations", "Explanations made.", ["model", "method", "outcome"], "vtviz", registry=own
        )
        self._stages = Histogram(
            "stage_seconds", "Time of each stage of an explanation.", ["stage"], "vtviz", registry=own
        )
        self._turns = Histogram(
            "wait_seconds", "Time before the turn of an explanation came.", namespace="vtviz", registry=own
        )
        Gauge("waiting", "Explanations asked for and not yet made.", namespace="vtviz", registry=own).set_function(
            lambda: self.waiting
        )
        memory = Gauge("memory_bytes", "Memory of the process, or of torch on a GPU.", namespace="vtviz", registry=own)
        memory.set_function(lambda: memory_mb(device) * 2**20)

    @property
    def waiting(self) -> int:
        """How many explanations were asked for and not yet made."""
        return self._waiting

    def entries(self) -> list[RunEntry]:
        """The last runs, oldest first."""
        with self._lock:
            return list(self._entries)

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Counts someone who waits for an explanation inside the ``with``."""
        with self._lock:
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1

    def timed(self, request: Request, asked_at: float, run: Callable[[], Explanation]) -> Explanation:
        """Runs and notes an explanation that was asked for at ``asked_at`` (``time.perf_counter``)."""
        waited, others = time.perf_counter() - asked_at, max(0, self._waiting - 1)
        try:
            made = run()
        except Exception as error:
            entry = self._entry(request, waited, others, memory_mb(self._device))
            self._add(replace(entry, error=type(error).__name__))
            raise
        entry = self._entry(request, waited, others, made.memory_mb)
        self._add(
            replace(entry, method=made.method, timings_ms=made.timings_ms, score=made.score, entropy=_entropy(made))
        )
        return made

    def attach(self, fingerprint: str, figures: dict[str, float]) -> None:
        """Adds what was measured of an explanation later to its entry, where that is still kept."""
        with self._lock:
            for place, entry in enumerate(self._entries):
                if entry.fingerprint == fingerprint:
                    self._entries[place] = replace(entry, faithfulness={**entry.faithfulness, **figures})

    def _entry(self, request: Request, waited: float, waiting: int, memory: float) -> RunEntry:
        return RunEntry(
            at=time.time(),
            fingerprint=request.fingerprint,
            model=request.model,
            method=request.method or "",
            waited_ms=round(waited * 1000, 2),
            waiting=waiting,
            memory_mb=memory,
        )

    def _add(self, entry: RunEntry) -> None:
        with self._lock:
            self._entries.append(entry)
        self._runs.labels(entry.model, entry.method, "failed" if entry.error else "ok").inc()
        self._turns.observe(entry.waited_ms / 1000)
        for stage, spent in entry.timings_ms.items():
            self._stages.labels(stage).observe(spent / 1000)


def exposition(log: RunLog) -> bytes:
    """The figures of a log in the text format of Prometheus."""
    return generate_latest(log.registry)


def _entropy(made: Explanation) -> float | None:
    layers = made.record.of_kind("text→image")
    if not layers:
        return None
    first, count = made.text_offset, len(made.tokens.pieces)
    weights = layers[min(made.layer, len(layers) - 1)].weights[:, first : first + count]
    return float(entropy(weights).mean())
