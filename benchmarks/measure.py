"""Times taken in turn, and what is said of them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch

Runs = Mapping[str, Callable[[], object]]
LONGEST = 100  # characters of what is said of a peer that fails


@dataclass(frozen=True)
class Figure:
    """One measured thing: of which ``part`` of the benchmark, ``what``, its ``value`` in ``unit`` (None where it could
    not be measured), over how many ``rounds``, and a ``note``."""

    part: str
    what: str
    value: float | None
    unit: str = ""
    rounds: int = 1
    note: str = ""


@dataclass(frozen=True)
class Times:
    """Median seconds by name, and why those that failed did."""

    medians: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def in_turn(runs: Runs, rounds: int) -> Times:
    """The median seconds of each of several runs, taken in turn so that a busy machine slows all alike. A first round,
    which warms up, is not counted; a run that fails in it is left out of the others."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    failures: dict[str, str] = {}
    for round_ in range(rounds + 1):
        for name, run in runs.items():
            if name in failures:
                continue
            began = time.perf_counter()
            try:
                run()
            except Exception as error:
                if round_:
                    raise
                failures[name] = f"{type(error).__name__}: {error}".partition("\n")[0][:LONGEST]
                continue
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if round_:
                taken[name].append(time.perf_counter() - began)
    return Times({name: statistics.median(each) for name, each in taken.items() if each}, failures)


def over(
    part: str, times: Times, base: str, unit: str, rounds: int, notes: Mapping[str, str] | None = None
) -> list[Figure]:
    """Every median over that of ``base``; those that failed with the reason."""
    notes = notes or {}
    found = [
        Figure(part, name, seconds / times.medians[base], unit, rounds, notes.get(name, ""))
        for name, seconds in times.medians.items()
        if name != base
    ]
    return found + [Figure(part, name, None, note=f"does not run here: {why}") for name, why in times.failures.items()]


def missing(part: str, package: str) -> Figure:
    """What stands in the table for a peer that is not installed."""
    return Figure(part, package, None, note=f"skipped: {package} is not installed (requirements-benchmarks.txt)")


def is_installed(module: str) -> bool:
    """Whether a module can be imported."""
    return importlib.util.find_spec(module) is not None


def with_version(package: str) -> str:
    """A package with its version."""
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return package
