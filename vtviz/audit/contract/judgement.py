"""Rules against the figures of a report: what is met, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from vtviz.audit.contract.rules import EVERY_GROUP, Rule, Rules

Verdict = Literal["passed", "failed", "not_measured"]
EDGE = {"at_least": "low", "at_most": "high", "gap_at_most": "high"}  # the end of the interval that must keep the bound


@dataclass(frozen=True)
class Outcome:
    """One bound of one rule, for one model, method and group (empty for all): the figure with its interval, and what
    follows. ``value`` is None where there is none, and ``rows`` the number of photos that it comes from: rows about
    one photo count once. ``left_out`` are the groups that have too few photos to be compared in a gap."""

    rule: int
    name: str
    metric: str
    model: str
    method: str
    group: str
    answers: str
    bound: str
    limit: float
    value: float | None
    low: float | None
    high: float | None
    rows: int
    needed: int
    verdict: Verdict
    left_out: tuple[str, ...] = ()


def judge(rules: Rules, report: dict[str, Any]) -> dict[str, Any]:
    """Every rule with every model, method and group that it is about; ``met`` where all passed. What could not be
    measured, or on too few photos, or of which one group has too few, has not passed."""
    outcomes = [outcome for number, rule in enumerate(rules.rules, 1) for outcome in _outcomes(number, rule, report)]
    met = all(outcome.verdict == "passed" for outcome in outcomes)
    return {"sha256": rules.written.sha256, "met": met, "outcomes": [asdict(outcome) for outcome in outcomes]}


def _outcomes(number: int, rule: Rule, report: dict[str, Any]) -> Iterator[Outcome]:
    groups = [*report["summary"]["groups"]] if rule.group == EVERY_GROUP else [rule.group]
    for model in report["models"]:
        if rule.model not in ("", model["name"]):
            continue
        methods = [""] if rule.of_model else [name for name in model["methods"] if rule.method in ("", name)]
        for method in methods or [rule.method]:
            for group in groups or [EVERY_GROUP]:
                for bound, limit in rule.bounds:
                    found = _figure(rule, bound, report["summary"], model["name"], method, group)
                    yield _outcome(number, rule, bound, limit, (model["name"], method, group), found)


def _outcome(
    number: int, rule: Rule, bound: str, limit: float, about: tuple[str, str, str], found: dict[str, Any] | None
) -> Outcome:
    model, method, group = about
    value, low, high = ((found or {}).get(name) for name in ("value", "low", "high"))
    rows, left_out = (int(found["photos"]), tuple(found.get("left_out", ()))) if found else (0, ())
    edge = low if EDGE[bound] == "low" else high
    verdict: Verdict = "not_measured"
    if edge is not None and low != high and rows >= rule.rows and not left_out:  # a point is no interval
        verdict = "passed" if (edge >= limit if bound == "at_least" else edge <= limit) else "failed"
    return Outcome(
        number, rule.name, rule.metric, model, method, group, rule.answers,
        bound, float(limit), value, low, high, rows, rule.rows, verdict, left_out,
    )  # fmt: skip


def _figure(
    rule: Rule, bound: str, summary: dict[str, Any], model: str, method: str, group: str
) -> dict[str, Any] | None:
    """``value``, ``low``, ``high`` and ``photos`` of what a rule is about; None where it was not measured."""
    if bound == "gap_at_most":
        key = (model, method or None, rule.metric)
        gap = next((g for g in summary["gaps"] if (g["model"], g["method"], g["metric"]) == key), None)
        return gap and {**gap, "value": gap["gap"], "photos": _compared_photos(gap), "left_out": gap["too_few"]}
    if rule.of_model:
        found = summary["model"].get(model, {})
        part = found.get("groups", {}).get(group) if group else found.get("all")
        figure = (part or {}).get(rule.metric)
        return figure and {**figure, "photos": part["photos"]}
    if rule.answers:
        means = summary["answers"][rule.answers]
    else:
        means = summary["groups"].get(group, {}) if group else summary["metrics"]
    figure = means.get(model, {}).get(method, {}).get(rule.metric)
    return figure and {**figure, "value": figure["mean"]}


def _compared_photos(gap: dict[str, Any]) -> int:
    return sum(count for name, count in gap["photos"].items() if name not in gap["too_few"])
