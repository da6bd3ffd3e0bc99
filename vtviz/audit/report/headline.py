"""The report in a few sentences: one line and three lights per method, and what the model itself does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from scipy.stats import norm

from vtviz.audit.report.gaps import POWER
from vtviz.audit.report.statistics import CONFIDENCE
from vtviz.audit.report.verdict import Tone
from vtviz.audit.settings import RANDOM

LIGHTS = ("faithful", "points_right", "depends_on_model")
FAITHFUL = ("insertion", "deletion")
WEIGHTS = ("cascading_randomisation", "independent_randomisation")
FEWEST = 30  # photos below which nobody should try to prove anything
PICTURES = 4
Report = dict[str, Any]


@dataclass(frozen=True)
class Headline:
    """What one method on one model comes to: the ``lights`` by name, and the key and values of its sentence."""

    model: str
    method: str
    lights: dict[str, Tone]
    key: str
    values: dict[str, Any]


def headlines(report: Report) -> list[Headline]:
    """A headline per model and method."""
    pairs = [(model["name"], method) for model in report["models"] for method in model["methods"]]
    return [_headline(report, model, method) for model, method in pairs]


def rejected(report: Report) -> list[dict[str, Any]]:
    """For each model how many texts that describe their photo it rejects; without those that decide nothing."""
    found = report["summary"].get("model", {})
    return [
        {"model": model, "rejected": item["all"]["rejected"], "matches": item["all"]["matches"]}
        for model, item in found.items()
        if item["all"]["rejected"] is not None and item["all"]["matches"]
    ]


def pictured(report: Report) -> list[dict[str, Any]]:
    """At most four cases for the first page: the best and the worst of each method in turn."""
    cases = [
        {**case, "model": model, "method": method, "kind": kind}
        for place in range(PICTURES)
        for model, methods in report["cases"].items()
        for method, found in methods.items()
        for kind in ("best", "worst")
        for case in found[kind][place : place + 1]
    ]
    return cases[:PICTURES]


def _headline(report: Report, model: str, method: str) -> Headline:
    compared = {name: item for name in (*FAITHFUL, "pointing") if (item := _compared(report, model, method, name))}
    lights = {
        "faithful": _both([_tone(compared[name]) for name in FAITHFUL if name in compared]),
        "points_right": _tone(compared["pointing"]) if "pointing" in compared else "unsure",
        "depends_on_model": _sanity(report, model, method),
    }
    if "pointing" in compared:
        return Headline(model, method, lights, *_pointing(report, model, method, compared["pointing"]))
    if any(name in compared for name in FAITHFUL):
        return Headline(model, method, lights, f"headline.faithful.{lights['faithful']}", {})
    return Headline(model, method, lights, "headline.nothing", {})


def _compared(report: Report, model: str, method: str, metric: str) -> dict[str, Any] | None:
    """The comparison of a method with the random ranking."""
    pair = ({"model": model, "method": method}, {"model": model, "method": RANDOM})
    for item in report["summary"]["comparisons"]:
        if item["metric"] == metric and (item["first"], item["second"]) == pair:
            return {**item}
    return None


def _tone(item: dict[str, Any]) -> Tone:
    tones: dict[str | None, Tone] = {"first": "good", "second": "bad", None: "unsure"}
    return tones[item["better"]]


def _both(tones: list[Tone]) -> Tone:
    """Of several metrics of one question: good or bad only where none says the opposite."""
    if "good" in tones and "bad" not in tones:
        return "good"
    return "bad" if "bad" in tones and "good" not in tones else "unsure"


def _sanity(report: Report, model: str, method: str) -> Tone:
    """Whether the map changes with the weights: one failed check is enough to fail."""
    outcomes = report["summary"]["sanity"].get(model, {}).get(method, [])
    verdicts = [item["verdict"] for item in outcomes if item["check"] in WEIGHTS]
    return "bad" if "failed" in verdicts else "good" if "passed" in verdicts else "unsure"


def _pointing(report: Report, model: str, method: str, item: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """How often the peak lies on the named thing, and whether that is proved."""
    means = report["summary"]["metrics"][model]
    own, random = means[method]["pointing"], means[RANDOM]["pointing"]
    values: dict[str, Any] = {"hits": round(own["mean"] * own["n"]), "rows": own["n"], "random": random["mean"]}
    tone = _tone(item)
    if tone != "unsure":
        return f"headline.points.{tone}", values
    needed = rows_needed(item)
    return (
        ("headline.points.unsure", values) if needed is None else ("headline.points.few", {**values, "needed": needed})
    )


def rows_needed(item: dict[str, Any]) -> int | None:
    """How many rows would show a difference of this size in 80 % of samples (Cohen, Statistical Power Analysis, 1988),
    at least ``FEWEST``; None where the difference is not for the better, or enough rows are there."""
    if item["mean"] <= 0:
        return None
    reach = norm.ppf(1 - (1 - CONFIDENCE) / 2)
    error = (item["high"] - item["low"]) / (2 * reach)
    needed = max(FEWEST, math.ceil(item["n"] * ((reach + norm.ppf(POWER)) * error / item["mean"]) ** 2))
    return needed if needed > item["n"] else None
