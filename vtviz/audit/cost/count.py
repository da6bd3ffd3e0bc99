"""The cost of an audit, part by part, counted and timed before it starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from vtviz.audit.checks import SLOW_PROBES, spread
from vtviz.audit.cost.request import Counted, CountPasses
from vtviz.audit.planted.carriers import FEWEST, MOST
from vtviz.audit.report.best_and_worst import SHOWN
from vtviz.audit.rows.wrong_texts import readable
from vtviz.audit.settings import Settings
from vtviz.files import JSON_BYTES, read_bytes, write_atomically
from vtviz.inputs import InputError
from vtviz.jobs.door import Door
from vtviz.manifests.read import Row
from vtviz.watch import Watch

COST = "cost.json"
READ = 50  # texts by which the mean length is told
EXTRAS = ("wrong_texts", "choices", "planted")  # parts that only some audits have
PARTS = ("rows", *EXTRAS, "checks", "report")


@dataclass(frozen=True)
class Part:
    """The passes over ``photos`` and over ``texts`` of a part of an audit, and the ``seconds`` that they take."""

    photos: int = 0
    texts: int = 0
    seconds: float = 0.0

    def __add__(self, other: Part) -> Part:
        return Part(self.photos + other.photos, self.texts + other.texts, self.seconds + other.seconds)


@dataclass(frozen=True)
class Cost:
    """What an audit will cost at most about: those of ``PARTS`` that it has."""

    parts: dict[str, Part]

    @property
    def total(self) -> Part:
        return sum(self.parts.values(), Part())

    def without(self, settings: Settings) -> Cost:
        """Less the extras that an audit with these settings does not have."""
        return Cost({n: part for n, part in self.parts.items() if n not in EXTRAS or getattr(settings, n)})


def count_cost(rows: Sequence[Row], settings: Settings, door: Door, watch: Watch | None = None) -> Cost:
    """What an audit of these rows will cost: the passes are counted, and one of each kind is timed.

    Raises:
        InputError: if no row has a text that can be read, or a method is not defined for a model.
        ModelError: if a model cannot be loaded.
        Cancelled: if the watch says so.
    """
    watch = watch or Watch()
    return add_parts([seconds_of(door(request, watch.quietly())) for request in counting(rows, settings)])


def counting(rows: Sequence[Row], settings: Settings) -> list[CountPasses]:
    """What is asked to count the passes of each model.

    Raises:
        InputError: if no row has a text that can be read.
    """
    some = [row for row in spread(rows, READ) if readable(row.text)] if rows else []
    if not some:
        raise InputError("No row has a text with words; write a sentence for each photo.")
    photos = len({row.image for row in rows})
    probes = min(settings.probes, len(rows))
    return [
        CountPasses(
            name,
            replace(settings, models=(name,)),
            len(rows),
            photos,
            tuple(row.text for row in some),
            pictures=2 * min(SHOWN, len(rows) // 2),
            carriers=min(max(photos, FEWEST), MOST),
            probes=probes,
            slow_probes=min(SLOW_PROBES, probes),
        )
        for name in settings.models
    ]


def seconds_of(counted: Counted) -> dict[str, Part]:
    """The parts of one model with their time."""
    return {
        name: Part(
            round(passes.photos),
            round(passes.texts),
            (passes.photos * counted.photo_ms + passes.texts * counted.text_ms) / 1000,
        )
        for name, passes in counted.parts.items()
    }


def add_parts(models: Sequence[Mapping[str, Part]]) -> Cost:
    """The cost of an audit from the parts of its models."""
    found = {name: sum((parts[name] for parts in models if name in parts), Part()) for name in PARTS}
    return Cost({name: part for name, part in found.items() if any(name in parts for parts in models)})


def keep_cost(folder: Path, cost: Cost) -> None:
    """Notes in the folder of an audit what it was said to cost."""
    write_atomically(folder / COST, msgspec.json.encode(cost))


def expected_cost(folder: Path) -> Cost | None:
    """What the audit of a folder was said to cost; None where nobody asked."""
    try:
        return msgspec.json.decode(read_bytes(folder / COST, JSON_BYTES), type=Cost)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None
