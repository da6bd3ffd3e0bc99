"""What changed between two audits: figures beyond their intervals, rows that flipped, and what may be the reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from vtviz.audit.replay import differences, read_report
from vtviz.audit.report.model import FIGURES
from vtviz.audit.rows.store import WHOLE
from vtviz.audit.settings import RANDOM
from vtviz.jobs.parts import damage_told
from vtviz.metrics.registry import metrics

SCHEMA = "vtviz.audit_comparison/1"
BETTER = {"accuracy": "higher", "auc": "higher", "f1": "higher", "ece": "lower"}
LISTED = 200  # rows that flipped
ABOUT = ("weights_sha256", "device", "threshold", "methods")  # of a model


def compare(old: Path, new: Path) -> dict[str, Any]:
    """Two reports of audits, beside which their rows lie.

    ``moved`` holds the figures of which neither value lies in the other's interval; ``flipped`` for each model the rows
    about the same photo and text whose verdict is another (None where the rows are not there, or a model decides
    nothing); ``checks`` and ``rules`` what has another verdict; ``differences`` by subject what else differs. Models
    are compared by name, two single models whatever their names are.

    Raises:
        InputError: if a report or its rows cannot be read.
    """
    first, second = read_report(old), read_report(new)
    names = _models(first, second)
    return {
        "schema": SCHEMA,
        "old": _about(first),
        "new": _about(second),
        "models": [{"old": one, "new": other} for one, other in names],
        "compared": sum(1 for _ in _pairs(first, second, names)),
        "moved": [
            item | {"better": _better(item)}
            for item in _pairs(first, second, names)
            if _beyond(item["old"], item["new"])
        ],
        "flipped": [
            {"model": other, **_flipped((old.parent, first, one), (new.parent, second, other))} for one, other in names
        ],
        "checks": [*_checks(first, second, names)],
        "rules": [*_rules(first, second, names)],
        "differences": _differences(first, second, names),
    }


def changed(comparison: dict[str, Any]) -> bool:
    """Whether a figure moved, a row flipped, or a check or rule has another verdict."""
    flips = any(item["count"] for item in comparison["flipped"])
    return bool(comparison["moved"] or comparison["checks"] or comparison["rules"] or flips)


def _about(report: dict[str, Any]) -> dict[str, Any]:
    scope = (report.get("scope") or {}).get("fields", {})
    return {"created": report.get("created"), "manifest": report["inputs"].get("manifest"), "scope": scope}


def _models(first: dict[str, Any], second: dict[str, Any]) -> list[tuple[str, str]]:
    """The models to compare: the name in each report."""
    old, new = ([item["name"] for item in report["models"]] for report in (first, second))
    if len(old) == len(new) == 1:
        return [(old[0], new[0])]
    return [(name, name) for name in old if name in new]


def _pairs(first: dict[str, Any], second: dict[str, Any], names: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Every figure that both reports have, with its interval in each."""
    for one, other in names:
        groups = [("", None), *((group, group) for group in first["summary"].get("groups", {}))]
        for group, key in groups:
            old, new = _figures(first["summary"], one, key), _figures(second["summary"], other, key)
            for (method, metric), value in old.items():
                if (method, metric) in new:
                    about = {"model": other, "method": method, "metric": metric, "group": group}
                    yield {**about, "old": value, "new": new[method, metric]}


def _figures(summary: dict[str, Any], model: str, group: str | None) -> dict[tuple[str, str], dict[str, Any]]:
    """The figures of a model by method ("" for its own) and metric: ``value``, ``low`` and ``high``."""
    own = summary.get("model", {}).get(model, {})
    part = own.get("all", {}) if group is None else own.get("groups", {}).get(group, {})
    found = {("", name): part[name] for name in FIGURES if (part.get(name) or {}).get("low") is not None}
    means = summary["metrics"] if group is None else summary.get("groups", {}).get(group, {})
    for method, values in means.get(model, {}).items():
        for metric, item in values.items():
            if method != RANDOM:
                found[method, metric] = {"value": item["mean"], "low": item["low"], "high": item["high"]}
    return found


def _beyond(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether neither value lies in the other's interval."""
    return not (old["low"] <= new["value"] <= old["high"] or new["low"] <= old["value"] <= new["high"])


def _better(item: dict[str, Any]) -> bool | None:
    """Whether a figure moved for the better; None where it has no better direction."""
    known = metrics().get(item["metric"])
    direction = BETTER.get(item["metric"]) or (known.direction if known else "none")
    up = item["new"]["value"] > item["old"]["value"]
    return None if direction == "none" else up == (direction == "higher")


def _flipped(old: tuple[Path, dict[str, Any], str], new: tuple[Path, dict[str, Any], str]) -> dict[str, Any]:
    """How many rows are in both audits and on how many the verdict of a model is another, with the first of them."""
    before, after = _scores(*old), _scores(*new)
    first, second = _threshold(old, new), _threshold(new, old)
    if before is None or after is None or first is None or second is None:
        return {"both": None, "count": None, "rows": []}
    rows = [
        {"row": after[key][0], "text": key[1], "image": after[key][1], "old": before[key][2], "new": after[key][2]}
        for key in before
        if key in after and (before[key][2] >= first) != (after[key][2] >= second)
    ]
    return {"both": len(before.keys() & after.keys()), "count": len(rows), "rows": rows[:LISTED]}


def _scores(folder: Path, report: dict[str, Any], model: str) -> dict[tuple[str, str], tuple[int, str, float]] | None:
    """Row, name of the photo and score by the photo's sha256 and the text; None where the rows are not there."""
    file = folder / WHOLE
    if not file.is_file():
        return None
    filters = [("model", "=", model), ("method", "=", RANDOM), ("status", "=", "ok")]
    columns = ["image_sha256", "text", "row", "image", "score"]
    with damage_told(file):
        rows = pq.read_table(file, columns=columns, filters=filters).sort_by("row").to_pylist()
    return {(row["image_sha256"], row["text"]): (row["row"], row["image"], row["score"]) for row in rows}


def _threshold(own: tuple[Path, dict[str, Any], str], other: tuple[Path, dict[str, Any], str]) -> float | None:
    """The threshold of a model; a report of an earlier version lacks it, and the same weights have the same."""
    mine, theirs = (next(item for item in report["models"] if item["name"] == name) for _, report, name in (own, other))
    if "threshold" not in mine and mine["weights_sha256"] == theirs["weights_sha256"]:
        mine = theirs
    threshold: float | None = mine.get("threshold")
    return threshold


def _checks(first: dict[str, Any], second: dict[str, Any], names: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    for one, other in names:
        old, new = first["summary"].get("sanity", {}).get(one, {}), second["summary"].get("sanity", {}).get(other, {})
        for method in old:
            after = {item["check"]: item["verdict"] for item in new.get(method, [])}
            for item in old[method]:
                if after.get(item["check"], item["verdict"]) != item["verdict"]:
                    about = {"model": other, "method": method, "check": item["check"]}
                    yield {**about, "old": item["verdict"], "new": after[item["check"]]}


def _rules(first: dict[str, Any], second: dict[str, Any], names: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Rules that are the same in both reports and have another verdict."""
    keys = ("metric", "method", "group", "answers", "bound", "limit")
    renamed = dict(names)

    def verdicts(report: dict[str, Any]) -> dict[tuple[Any, ...], dict[str, Any]]:
        outcomes = (report.get("rules") or {}).get("outcomes", [])
        return {(renamed.get(o["model"], o["model"]), *(o[key] for key in keys)): o for o in outcomes}

    old, new = verdicts(first), verdicts(second)
    for key, outcome in new.items():
        if key in old and old[key]["verdict"] != outcome["verdict"]:
            yield {**outcome, "old": old[key]["verdict"], "new": outcome["verdict"]}


def _differences(first: dict[str, Any], second: dict[str, Any], names: list[tuple[str, str]]) -> dict[str, Any]:
    """What else differs, by subject: each with its place, the old value and the new one."""
    old, new = ({item["name"]: item for item in report["models"]} for report in (first, second))
    models = [
        {"place": f"{other}.{name}", "old": old[one].get(name), "new": new[other].get(name)}
        for one, other in names
        for name in ABOUT
        if name in old[one] and old[one][name] != new[other].get(name)
    ]
    renamed = [{"place": "name", "old": one, "new": other} for one, other in names if one != other]
    data = [{"place": name, "old": first["inputs"].get(name), "new": second["inputs"].get(name)} for name in DATA]
    scopes = [(report.get("scope") or {}).get("fields", {}) for report in (first, second)]
    return {
        "model": renamed + models,
        "data": [item for item in data if item["old"] != item["new"]],
        "settings": _listed(first["settings"], second["settings"]),
        "versions": _listed(first.get("versions", {}), second.get("versions", {})),
        "scope": _listed(*scopes),
    }


DATA = ("manifest", "rows", "sha256", "photos_sha256")  # of what the report says of its inputs


def _listed(old: dict[str, Any], new: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"place": item.place.removeprefix("."), "old": item.first, "new": item.second}
        for item in differences(old, new, "", 0.0)
    ]
