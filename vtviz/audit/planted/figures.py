"""How often each method finds a planted cause, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vtviz.attribution.registry import find_method
from vtviz.audit.planted.trials import IN_PHOTO, PLANTED
from vtviz.audit.report.statistics import wilson
from vtviz.audit.settings import RANDOM

PHOTO, TEXT = "photo", "text"


def planted_figures(found: dict[str, dict[str, Any]], methods: Sequence[str]) -> dict[str, Any]:
    """What ``try_kind`` returned by kind, as figures: ``kinds`` says what was planted and took; ``methods`` holds for
    each kind, and for all causes in the photo together (``photo``) and in the text (``text``), the rate at which the
    cause was found (``mean``, ``low``, ``high``, ``n``) beside ``chance``. A method that scores no words has no figure
    for the text."""
    kinds = {kind: {name: value for name, value in found[kind].items() if name != "hits"} for kind in found}
    return {"kinds": kinds, "methods": {name: _of_method(found, name) for name in (*methods, RANDOM)}}


def _of_method(found: dict[str, dict[str, Any]], method: str) -> dict[str, Any]:
    reads = method == RANDOM or find_method(method).scores_words
    parts = {kind: (kind,) for kind in PLANTED} | {PHOTO: IN_PHOTO, TEXT: ("distractor",)}
    return {
        part: rate
        for part, kinds in parts.items()
        if (reads or part not in (TEXT, "distractor"))
        and (rate := _rate([found[kind] for kind in kinds if found.get(kind, {}).get("took")], method))
    }


def _rate(trials: list[dict[str, Any]], method: str) -> dict[str, Any] | None:
    n = sum(item["took"] for item in trials)
    if not n:
        return None
    hits = sum(item["hits"][method] for item in trials)
    low, high = wilson(hits, n)
    chance = sum(item["chance"] * item["took"] for item in trials) / n
    return {"mean": hits / n, "low": low, "high": high, "n": n, "chance": chance}
