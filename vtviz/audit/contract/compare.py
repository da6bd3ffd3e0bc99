"""What changed between two audits: figures beyond their intervals, rows that flipped, and what may be the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from vtviz.audit.contract.compare_figures import Figure, Values, figures_of
from vtviz.audit.replay import differences, read_report
from vtviz.audit.report.choices import CURVES
from vtviz.audit.report.files import damage_told
from vtviz.audit.rows.store import WHOLE
from vtviz.audit.settings import RANDOM

SCHEMA = "vtviz.audit_comparison/1"
LISTED = 200  # rows that flipped
ABOUT = ("weights_sha256", "device", "threshold", "methods")  # of a model
DATA = ("manifest", "rows", "sha256", "photos_sha256")  # of what the report says of its inputs
Names = list[tuple[str, str]]


@dataclass(frozen=True)
class Side:
    """A report, the folder in which it and its rows lie, and its figures."""

    folder: Path
    report: dict[str, Any]
    figures: dict[Figure, Values]

    @classmethod
    def read(cls, path: Path) -> Side:
        """Raises InputError where the report cannot be read, or is damaged."""
        report = read_report(path)
        with damage_told(path.parent):
            return cls(path.parent, report, figures_of(report))

    @property
    def models(self) -> dict[str, dict[str, Any]]:
        """What the report says of each model."""
        return {item["name"]: item for item in self.report["models"]}


def compare(old: Path, new: Path) -> dict[str, Any]:
    """Two reports of audits, beside which their rows lie.

    Of the figures that both have, ``compared`` in number, ``moved`` holds those of which neither value lies in the
    other's interval; ``only_old`` and ``only_new`` the names that only one of them has. ``flipped`` holds for each
    model the rows about the same photo and text whose verdict is another, and those that were measured before and
    failed now (None where the rows are not there, or a model decides nothing); ``checks``, ``rules`` and ``orders``
    (of the methods under other choices) what has another verdict, or of rules another bound; ``differences`` by subject
    what else differs. Models are compared by name, two single models whatever their names are.

    Raises:
        InputError: if a report or its rows cannot be read.
    """
    first, second = Side.read(old), Side.read(new)
    with damage_told(new.parent):
        return _compare(first, second)


def _compare(first: Side, second: Side) -> dict[str, Any]:
    names = _models(first, second)
    renamed = dict(names)
    before = {figure.of(renamed.get(figure.model, figure.model)): value for figure, value in first.figures.items()}
    both = [(figure, before[figure], value) for figure, value in second.figures.items() if figure in before]
    return {
        "schema": SCHEMA,
        "old": _about(first.report),
        "new": _about(second.report),
        "models": [{"old": one, "new": other} for one, other in names],
        "compared": len(both),
        "moved": [
            {**figure.to_dict(), "old": old, "new": new, "better": _better(figure, old, new)}
            for figure, old, new in both
            if _beyond(old, new)
        ],
        "only_old": _only(first, second, names),
        "only_new": _only(second, first, [(other, one) for one, other in names]),
        "flipped": [{"model": other, **_flipped((first, one), (second, other))} for one, other in names],
        "checks": [*_checks(first.report, second.report, names)],
        "rules": [*_rules(first.report, second.report, names)],
        "orders": [*_orders(first.report, second.report, names)],
        "differences": _differences(first, second, names),
    }


def changed(comparison: dict[str, Any]) -> bool:
    """Whether a figure moved or is not measured any more, a row flipped or was lost, or a check, a rule or an order of
    methods is another."""
    parts = ("moved", "only_old", "checks", "rules", "orders")
    rows = any(item["count"] or item["lost"] for item in comparison["flipped"])
    return rows or any(comparison[name] for name in parts)


def _only(own: Side, other: Side, names: Names) -> dict[str, list[str]]:
    """The names of models, methods and metrics that only the first of two reports has, where it has some."""
    paired = dict(names)
    kinds: dict[str, list[str]] = {"models": [name for name in own.models if name not in paired]}
    for name in own.models:
        theirs = other.models.get(paired.get(name, ""), {}).get("methods", own.models[name].get("methods", []))
        missing = [method for method in own.models[name].get("methods", []) if method not in theirs]
        kinds["methods"] = [*dict.fromkeys([*kinds.get("methods", []), *missing])]
    measured = [{figure.metric for figure in side.figures if not figure.kind} for side in (own, other)]
    kinds["metrics"] = sorted(measured[0] - measured[1])
    return {kind: found for kind, found in kinds.items() if found}


def _about(report: dict[str, Any]) -> dict[str, Any]:
    scope = (report.get("scope") or {}).get("fields", {})
    return {"created": report.get("created"), "manifest": report["inputs"].get("manifest"), "scope": scope}


def _models(first: Side, second: Side) -> Names:
    """The models to compare: the name in each report."""
    old, new = [*first.models], [*second.models]
    if len(old) == len(new) == 1:
        return [(old[0], new[0])]
    return [(name, name) for name in old if name in new]


def _beyond(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether neither value lies in the other's interval."""
    return not (old["low"] <= new["value"] <= old["high"] or new["low"] <= old["value"] <= new["high"])


def _better(figure: Figure, old: Values, new: Values) -> bool | None:
    """Whether a figure moved for the better; None where it has no better direction."""
    up = new["value"] > old["value"]
    return None if figure.direction == "none" else up == (figure.direction == "higher")


def _flipped(old: tuple[Side, str], new: tuple[Side, str]) -> dict[str, Any]:
    """How many rows are in both audits and on how many the verdict of a model is another, with the first of them; and
    the rows that were measured before and failed now."""
    before, after = _scores(*old), _scores(*new)
    first, second = _threshold(old, new), _threshold(new, old)
    if before is None or after is None:
        return {"both": None, "count": None, "rows": [], "lost": 0, "lost_rows": []}
    failed = {(row["image"], row["text"]): row for row in _rows(*new, "failed") or ()}
    known = [(key[1], image) for key, (_, image, _) in before.items() if key not in after and (image, key[1]) in failed]
    lost = [{name: failed[image, text][name] for name in ("row", "image", "text", "reason")} for text, image in known]
    gone = {"lost": len(lost), "lost_rows": lost[:LISTED]}
    if first is None or second is None:
        return {"both": None, "count": None, "rows": [], **gone}
    rows = [
        {"row": after[key][0], "text": key[1], "image": after[key][1], "old": before[key][2], "new": after[key][2]}
        for key in before
        if key in after and (before[key][2] >= first) != (after[key][2] >= second)
    ]
    return {"both": len(before.keys() & after.keys()), "count": len(rows), "rows": rows[:LISTED], **gone}


def _scores(side: Side, model: str) -> dict[tuple[str, str], tuple[int, str, float]] | None:
    """Row, name of the photo and score by the photo's sha256 and the text; None where the rows are not there."""
    rows = _rows(side, model, "ok")
    if rows is None:
        return None
    return {(row["image_sha256"], row["text"]): (row["row"], row["image"], row["score"]) for row in rows}


def _rows(side: Side, model: str, status: str) -> list[dict[str, Any]] | None:
    file = side.folder / WHOLE
    if not file.is_file():
        return None
    filters = [("model", "=", model), ("method", "=", RANDOM), ("status", "=", status)]
    columns = ["image_sha256", "text", "row", "image", "score", "reason"]
    with damage_told(side.folder):
        rows: list[dict[str, Any]] = pq.read_table(file, columns=columns, filters=filters).sort_by("row").to_pylist()
    return rows


def _threshold(own: tuple[Side, str], other: tuple[Side, str]) -> float | None:
    """The threshold of a model; a report of an earlier version lacks it, and the same weights have the same."""
    mine, theirs = (side.models[name] for side, name in (own, other))
    if "threshold" not in mine and mine["weights_sha256"] == theirs["weights_sha256"]:
        mine = theirs
    threshold: float | None = mine.get("threshold")
    return threshold


def _checks(first: dict[str, Any], second: dict[str, Any], names: Names) -> Iterator[dict[str, Any]]:
    for one, other in names:
        old, new = first["summary"].get("sanity", {}).get(one, {}), second["summary"].get("sanity", {}).get(other, {})
        for method in old:
            after = {item["check"]: item["verdict"] for item in new.get(method, [])}
            for item in old[method]:
                if after.get(item["check"], item["verdict"]) != item["verdict"]:
                    about = {"model": other, "method": method, "check": item["check"]}
                    yield {**about, "old": item["verdict"], "new": after[item["check"]]}


def _rules(first: dict[str, Any], second: dict[str, Any], names: Names) -> Iterator[dict[str, Any]]:
    """Rules that came or went (their verdict is then None on one side), or have another bound, another number of photos
    to be judged by, or another verdict."""
    keys = ("metric", "method", "group", "answers", "bound")

    def outcomes(report: dict[str, Any], of: dict[str, str]) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
        result: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for item in (report.get("rules") or {}).get("outcomes", []):
            if item["model"] not in of:
                continue
            key = (of[item["model"]], *(item[key] for key in keys))
            result.setdefault(key, []).append(item)
        return {key: sorted(items, key=lambda item: item["limit"] or 0.0) for key, items in result.items()}

    old, new = outcomes(first, dict(names)), outcomes(second, {name: name for _, name in names})
    for key in dict.fromkeys([*old, *new]):
        for one, other in zip_longest(old.get(key, []), new.get(key, [])):
            if one is None or other is None or any(one[k] != other[k] for k in ("verdict", "limit", "needed")):
                limits = {"old_limit": one and one["limit"], "new_limit": other and other["limit"]}
                verdicts = {"old": one and one["verdict"], "new": other and other["verdict"]}
                yield {**(other or one), **limits, **verdicts}


def _orders(first: dict[str, Any], second: dict[str, Any], names: Names) -> Iterator[dict[str, Any]]:
    """Where the best method by insertion or deletion is another, or its order does not survive the choices any more."""
    for one, other in names:
        sides = [
            report["summary"].get("choices", {}).get(name) or {} for report, name in ((first, one), (second, other))
        ]
        for curve in CURVES:
            found = [_best(side.get(curve), report) for side, report in zip(sides, (first, second), strict=True)]
            if None not in found and found[0] != found[1]:
                yield {"model": other, "metric": curve, "old": found[0], "new": found[1]}


def _best(curve: dict[str, Any] | None, report: dict[str, Any]) -> dict[str, Any] | None:
    """The best method under the audit's own choice, and whether the order is the same under every choice."""
    own = (report["settings"].get("fill"), report["settings"].get("steps"))
    order = next(
        (item["order"] for item in (curve or {}).get("choices", []) if (item["fill"], item["steps"]) == own), ()
    )
    return {"method": order[0], "same": (curve or {})["same"]} if order else None


def _differences(one: Side, other: Side, names: Names) -> dict[str, Any]:
    """What else differs, by subject: each with its place, the old value and the new one."""
    first, second, old, new = one.report, other.report, one.models, other.models
    models = [
        {"place": f"{later}.{name}", "old": old[earlier].get(name), "new": new[later].get(name)}
        for earlier, later in names
        for name in ABOUT
        if name in old[earlier] and old[earlier][name] != new[later].get(name)
    ]
    renamed = [{"place": "name", "old": earlier, "new": later} for earlier, later in names if earlier != later]
    data = [{"place": name, "old": first["inputs"].get(name), "new": second["inputs"].get(name)} for name in DATA]
    both = (first, second)
    scopes = [(report.get("scope") or {}).get("fields", {}) for report in both]
    return {
        "model": renamed + models,
        "data": [item for item in data if item["old"] != item["new"]],
        "settings": _listed(first["settings"], second["settings"]),
        "versions": _listed(*({**report.get("versions", {}), "figures": report.get("figures", 1)} for report in both)),
        "scope": _listed(*scopes),
    }


def _listed(old: dict[str, Any], new: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"place": item.place.removeprefix("."), "old": item.first, "new": item.second}
        for item in differences(old, new, "", 0.0)
    ]
