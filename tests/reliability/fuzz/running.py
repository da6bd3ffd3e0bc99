"""Odd inputs by the thousand: what readers make of them, how long it takes, and what it costs."""

from __future__ import annotations

import contextlib
import gc
import random
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vtviz.errors import UserError

MOST_SECONDS, MOST_MEGABYTES = 5.0, 600.0
SLICES = 16  # places that a mutation changes at most
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
Read = Callable[[], object]
Cases = Callable[[random.Random], Iterator[Read]]


@dataclass
class Figures:
    """What came of ``count`` inputs: how many were read, how many were refused in a sentence, what else was raised
    (``leaks``), the longest time of one in seconds of the processor, and the memory above the start in MiB."""

    count: int = 0
    read: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    leaks: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    megabytes: float = 0.0

    @property
    def hold(self) -> bool:
        """Whether all errors had a sentence, and none took too long or too much."""
        return not self.leaks and self.seconds <= MOST_SECONDS and self.megabytes <= MOST_MEGABYTES

    def __str__(self) -> str:
        refused = sum(self.refused.values())
        lines = [
            f"{self.count} inputs: {self.read} read, {refused} refused in {len(self.refused)} different sentences, "
            f"{sum(self.leaks.values())} other errors; at most {self.seconds:.2f} s each, "
            f"{self.megabytes:.0f} MiB above the start"
        ]
        return "\n".join([*lines, *(f"{times} × {leak}" for leak, times in self.leaks.most_common())])


def run(cases: Cases, count: int, seed: int) -> Figures:
    """Reads ``count`` of the cases that follow from a seed."""
    figures, rng = Figures(), random.Random(seed)
    reads = cases(rng)
    with contextlib.suppress(Exception):
        next(reads)()  # imports and caches are no cost of an input
    gc.collect()
    _forget_peak()
    start = _peak()
    for _ in range(count):
        read = next(reads)
        began = time.process_time()
        try:
            read()
            figures.read += 1
        except UserError as error:
            figures.refused[error.sentence] += 1
            if "\n" in str(error) or not str(error).strip():
                figures.leaks[f"no single sentence: {str(error)[:200]!r}"] += 1
        except (Exception, SystemExit, RecursionError) as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            figures.leaks[f"{type(error).__name__} at {where.filename}:{where.lineno}: {str(error)[:120]}"] += 1
        figures.seconds = max(figures.seconds, time.process_time() - began)
        figures.count += 1
    figures.megabytes = (_peak() - start) / 2**20
    return figures


def _forget_peak() -> None:
    """Lets the system note the most memory in use anew, where it can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """The most memory in use so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def mutated(data: bytes, rng: random.Random, other: bytes = b"") -> bytes:
    """Bytes with a few changes: bits, numbers at their limits, parts cut out, doubled, or taken from another file."""
    result = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, SLICES))):
        at = rng.randrange(len(result) + 1)
        size = rng.choice((1, 2, 4, 8, 64, 512))
        way = rng.randrange(8)
        if way == 0 and at < len(result):
            result[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            result[at : at + 1] = bytes([rng.randrange(256)])
        elif way == 2:
            width, order = rng.choice((1, 2, 4)), rng.choice(("little", "big"))
            number = rng.choice(EXTREMES) & ((1 << 8 * width) - 1)
            result[at : at + width] = number.to_bytes(width, order)  # type: ignore[arg-type]
        elif way == 3:
            del result[at : at + size]
        elif way == 4:
            result[at:at] = result[at : at + size]
        elif way == 5:
            result[at : at + size] = rng.randbytes(size)
        elif way == 6 and other:
            start = rng.randrange(len(other))
            result[at : at + size] = other[start : start + size]
        elif way == 7 and rng.random() < 0.2:
            del result[at:]
    return bytes(result)


ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 10**30, -(10**30), 1e308, "", " ", "a", "\ud800", "\0", "x" * 5000, "../../etc/passwd"),
    *([], {}, [[]], [None], {"a": {}}, "9" * 4500, "https://example.org/a.jpg", "NaN", [[0, 0, 1e400, 1]], [1] * 300),
)


def changed(value: Any, rng: random.Random, depth: int = 0) -> Any:
    """A value of JSON in which something, somewhere, is something else, has another name, or is gone."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        way = rng.randrange(10)
        if way == 0:
            return {other: item for other, item in value.items() if other != key}
        if way == 1:
            return {(rng.choice(("", "A b", key.upper())) if other == key else other): i for other, i in value.items()}
        return {**value, key: changed(value[key], rng, depth + 1)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        index = rng.randrange(len(value))
        return [*value[:index], changed(value[index], rng, depth + 1), *value[index + rng.randrange(2) :]]
    return rng.choice(ODD)
