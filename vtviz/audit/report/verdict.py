"""What the figures of a report say about one method, as data for plain sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from vtviz.audit.settings import RANDOM

SHARP = ("iou", "iou_50")  # below random for every map with a sharp peak, wherever it is

Tone = Literal["good", "bad", "unsure"]


@dataclass(frozen=True)
class Verdict:
    """One finding: the key of its sentence, how it is to be read, and the numbers in it."""

    key: str
    tone: Tone
    values: dict[str, Any]


def verdicts(report: dict[str, Any], model: str, method: str) -> list[Verdict]:
    """Against the random ranking for each metric, then the sanity checks, for one method on one model."""
    result = [item for name in report["metrics"] if (item := _against_random(report, model, method, name))]
    for outcome in report["summary"]["sanity"].get(model, {}).get(method, []):
        result.append(_of_check(outcome))
    return result


def _against_random(report: dict[str, Any], model: str, method: str, metric: str) -> Verdict | None:
    for item in report["summary"]["comparisons"]:
        pair = (item["first"], item["second"])
        if item["metric"] == metric and pair == (
            {"model": model, "method": method},
            {"model": model, "method": RANDOM},
        ):
            means = report["summary"]["metrics"][model]
            values = {
                "metric": metric,
                "own": means[method][metric]["mean"],
                "random": means[RANDOM][metric]["mean"],
                "p": item["p_adjusted"],
            }
            tone: Tone = {"first": "good", "second": "bad", None: "unsure"}[item["better"]]  # type: ignore[assignment]
            if metric in SHARP and tone == "bad" and _lies_right(report, model, method):
                return Verdict("against_random.sharp", "unsure", values)
            return Verdict(f"against_random.{tone}", tone, values)
    return None


def _lies_right(report: dict[str, Any], model: str, method: str) -> bool:
    """Whether more of the map lies in the boxes than of a random ranking."""
    result = _against_random(report, model, method, "energy")
    return result is not None and result.tone == "good"


def _of_check(outcome: dict[str, Any]) -> Verdict:
    if outcome["verdict"] == "not_measured":
        return Verdict("check.not_measured", "unsure", {"check": outcome["check"], "reason": outcome["reason"]})
    tone: Tone = {"passed": "good", "failed": "bad", "not_applicable": "unsure"}[outcome["verdict"]]  # type: ignore[assignment]
    values = {"value": outcome["value"], "limit": outcome["limit"], "probes": outcome["probes"]}
    return Verdict(f"check.{outcome['check']}.{outcome['verdict']}", tone, values)
