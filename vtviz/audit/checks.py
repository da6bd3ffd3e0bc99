"""Which sanity checks an audit makes, on a few rows spread over the manifest, and what they found."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vtviz.attribution.registry import find_method
from vtviz.audit.kept import found_before, photo_of_row
from vtviz.audit.requests import About, CheckSanity, DescribeHeads
from vtviz.audit.settings import Settings
from vtviz.files import write_atomically
from vtviz.jobs.door import Door
from vtviz.jobs.many import Lost, Many
from vtviz.manifests.read import Row
from vtviz.metrics.sanity import Check, Outcome, Probe
from vtviz.watch import Cancelled, Watch

CHECKS = "checks.json"
ORDER: tuple[Check, ...] = ("cascading_randomisation", "independent_randomisation", "text_swap", "random_logit")
OUTCOME = {"check", "verdict", "value", "limit", "probes", "stages"}
HEADS = {"probes", "similarity", "importance"}
SLOW_PROBES = 2  # of methods that run the model on hundreds of changed photos


def spread(rows: Sequence[Row], count: int) -> list[Row]:
    """At most ``count`` rows, evenly spread."""
    places = np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int)
    return [rows[place] for place in dict.fromkeys(places.tolist())]


def probes_of(rows: Sequence[Row]) -> tuple[Probe, ...]:
    """The rows, each with the text of another row that has another photo (shuffled words where there is none)."""
    result = []
    for place, row in enumerate(rows):
        others = [other.text for other in (*rows[place + 1 :], *rows[:place]) if other.image != row.image]
        photo = photo_of_row(row, "checks")
        if photo is not None:
            result.append(Probe(photo, row.text, others[0] if others else "A red bus in a street"))
    return tuple(result)


def run_checks(
    folder: Path, rows: Sequence[Row], settings: Settings, models: Sequence[About], many: Many, watch: Watch
) -> dict[str, Any]:
    """What the checks found, by model: ``sanity`` by method, ``heads``. Kept in the folder, so done once.

    Args:
        folder: of the audit.
        rows: those that were measured.
        settings: of the audit.
        models: their names and methods.
        many: does them.
        watch: hears of each check, and may cancel.

    Raises:
        Cancelled: if the watch says so.
    """
    file = folder / CHECKS
    chosen = spread(rows, settings.probes) if rows else []
    work = _work(models, chosen, settings) if chosen else {}
    probes = _digest(work.values())
    known = _known(file, probes)
    watch.enter("checks", len(work), sum(key in known for key in work), watch.now.failed)
    left = [key for key in work if key not in known]
    for key, found in zip(left, many([partial(_answer, work[key]) for key in left], watch), strict=True):
        known = {**known, key: _lost(work[key], found) if isinstance(found, Lost) else found}
        written = json.dumps({"probes": probes, "found": known})
        known = json.loads(written)["found"]  # as it reads after a kill
        write_atomically(file, written.encode())
        watch.advance()
    return {
        model.name: {
            "sanity": {method: _found(known, model.name, method) for method in model.methods} if chosen else {},
            "heads": known.get(f"{model.name}|heads"),
        }
        for model in models
    }


def _answer(request: CheckSanity | DescribeHeads, door: Door, watch: Watch) -> dict[str, Any] | None:
    """What one check found, as plain values; one that cannot be made does not cost the others."""
    try:
        answer = door(request, watch)
    except Cancelled:
        raise
    except Exception as error:
        logging.getLogger("vtviz").exception("%s of %s failed", type(request).__name__, request.model)
        return _lost(request, error)
    return _plain(answer) if isinstance(answer, Outcome) else answer


def _lost(request: CheckSanity | DescribeHeads, error: Exception) -> dict[str, Any] | None:
    """What is kept of a check that could not be made."""
    if isinstance(request, DescribeHeads):
        return None
    return _plain(Outcome(request.check, "not_measured", None, 0.0, len(request.probes), reason=str(error)))


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {name: value for name, value in asdict(outcome).items() if name != "reason" or value}


def _known(file: Path, probes: str) -> dict[str, Any]:
    """What was found on the same photos and texts before."""
    return {key: value for key, value in found_before(file, "probes", probes).items() if _is_whole(key, value)}


def _is_whole(key: str, value: Any) -> bool:
    """Whether a value is what ``_answer`` writes under a key."""
    if key.endswith("|heads"):
        return value is None or (isinstance(value, dict) and value.keys() >= HEADS)
    return isinstance(value, dict) and value.keys() >= OUTCOME


def _digest(requests: Iterable[CheckSanity | DescribeHeads]) -> str:
    """A name for the photos and texts that the checks are made on."""
    probes = [[(probe.image.sha256, probe.text, probe.other) for probe in request.probes] for request in requests]
    return hashlib.sha256(json.dumps(probes).encode()).hexdigest()


def _work(models: Sequence[About], rows: Sequence[Row], settings: Settings) -> dict[str, CheckSanity | DescribeHeads]:
    """Every check by the name under which its outcome is kept."""
    probes, few = probes_of(rows), probes_of(spread(rows, SLOW_PROBES))
    if not few:
        return {}
    work: dict[str, CheckSanity | DescribeHeads] = {}
    for model in models:
        for method in model.methods:
            own = few if find_method(method).perturbs else probes
            for check in ORDER:
                key = f"{model.name}|{method}|{check}"
                work[key] = CheckSanity(model.name, method, check, own, settings.seed)
        work[f"{model.name}|heads"] = DescribeHeads(model.name, probes)
    return work


def _found(known: dict[str, Any], model: str, method: str) -> list[dict[str, Any]]:
    start = f"{model}|{method}|"
    return [value for key, value in known.items() if key.startswith(start)]
