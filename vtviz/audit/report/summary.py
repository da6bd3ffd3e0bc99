"""From rows to figures: means with intervals, comparisons, slices by group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vtviz.audit.report.agreement import method_agreement
from vtviz.audit.report.choices import choice_order
from vtviz.audit.report.gaps import group_gaps
from vtviz.audit.report.model import model_figures, scored_pairs
from vtviz.audit.report.statistics import CONFIDENCE, adjusted, difference
from vtviz.audit.report.table import Columns, Table, groups_of, mean_of, read_table
from vtviz.audit.report.truth import Truth
from vtviz.audit.settings import RANDOM, Settings
from vtviz.metrics.registry import find_metric

SIGNIFICANT = 0.05
LISTED = 50  # rows whose numbers are given for each reason
Choice = Callable[[str, Columns], np.ndarray]  # of a model's rows, bool [n]


def summarise(path: Path, settings: Settings, truth: Truth) -> dict[str, Any]:
    """Every aggregate figure of the rows in a Parquet file; equal rows and settings give equal figures.

    ``metrics[model][method][metric]`` holds ``mean``, ``low``, ``high`` (95 % interval), ``n`` rows and ``photos``;
    ``comparisons`` the paired differences with p values, adjusted over all of them; ``groups`` the same as ``metrics``
    for each group, ``answers`` for the rows that the model answered rightly and wrongly; ``gaps`` the largest gaps
    between groups; ``agreement`` how far methods agree, ``choices`` whether their order depends on how patches were
    removed; ``model`` how right the models are; ``failures`` and ``notes`` how many rows have each reason and note,
    ``failed_rows`` and ``noted_rows`` the numbers of the first of them;
    ``score`` and ``attention_entropy`` what the models did, whatever the method.
    """
    table = read_table(path, settings.metrics)
    models = list(dict.fromkeys(model for model, _ in table))
    pairs = scored_pairs(path, table, truth)
    return {
        "rows": {model: _counts(table[model, RANDOM]) for model in models},
        **_told(path, "failures", "failed_rows", "reason"),
        **_told(path, "notes", "noted_rows", "notes"),
        "confidence": CONFIDENCE,
        "score": {model: mean_of(table[model, RANDOM], "score", settings.seed) for model in models},
        "model": model_figures(pairs, groups_of(table), truth, settings.seed),
        "metrics": _means(table, settings),
        "answers": _by_answer(table, truth, settings),
        "comparisons": _comparisons(table, settings),
        "groups": {
            group: _means(table, settings, lambda _, columns, group=group: columns["group"] == group)  # type: ignore[misc]
            for group in groups_of(table)
        },
        "gaps": group_gaps(table, pairs, truth, settings),
        "agreement": {model: method_agreement(path, model, _methods(table, model)) for model in models},
        **_choices(path, table, models, settings),
        "attention_entropy": {model: _entropy(path, model) for model in models},
    }


def _methods(table: Table, model: str) -> list[str]:
    return [method for name, method in table if name == model and method != RANDOM]


def _choices(path: Path, table: Table, models: list[str], settings: Settings) -> dict[str, Any]:
    """Whether the order of methods depends on how patches were removed; nothing where that was not measured."""
    found = {model: choice_order(path, model, _methods(table, model), settings) for model in models}
    return {"choices": found} if any(found.values()) else {}


def _counts(columns: Columns) -> dict[str, int]:
    failed = int((columns["status"] == "failed").sum())
    return {"total": len(columns["status"]), "measured": len(columns["status"]) - failed, "failed": failed}


def _told(path: Path, counts: str, numbers: str, column: str) -> dict[str, Any]:
    """How many rows each reason or note is about, the most frequent first, and the numbers of the first of them."""
    table = pq.read_table(path, columns=["row", column], filters=[("method", "=", RANDOM)]).sort_by("row")
    rows: dict[str, list[int]] = {}
    for row, shown in zip(table["row"].to_pylist(), table[column].to_pylist(), strict=True):
        for sentence in [shown] if isinstance(shown, str) else shown or ():
            rows.setdefault(sentence, []).append(row)
    ordered = sorted(rows.items(), key=lambda item: (-len(item[1]), item[0]))
    return {
        counts: {sentence: len(result) for sentence, result in ordered},
        numbers: {sentence: sorted(set(result))[:LISTED] for sentence, result in ordered},
    }


def _means(table: Table, settings: Settings, choose: Choice | None = None) -> dict[str, Any]:
    """The metrics of every model and method over the rows that are chosen, all where None."""
    result: dict[str, dict[str, Any]] = {}
    for (model, method), columns in table.items():
        chosen = None if choose is None else choose(model, columns)
        values = {name: mean_of(columns, name, settings.seed, chosen) for name in settings.metrics}
        result.setdefault(model, {})[method] = {name: value for name, value in values.items() if value}
    return result


def _by_answer(table: Table, truth: Truth, settings: Settings) -> dict[str, Any]:
    """The metrics over the rows that the models answered rightly and over the others, without models that decide
    nothing."""

    def right(model: str, columns: Columns) -> np.ndarray:
        found = truth.right(model, columns)
        return np.zeros(len(columns["row"]), dtype=bool) if found is None else found

    def wrong(model: str, columns: Columns) -> np.ndarray:
        return ~right(model, columns)

    decided = {key: columns for key, columns in table.items() if truth.right(key[0], columns) is not None}
    return {"right": _means(decided, settings, right), "wrong": _means(decided, settings, wrong)}


def _comparisons(table: Table, settings: Settings) -> list[dict[str, Any]]:
    result = []
    for first, second in _compared(list(table)):
        for name in settings.metrics:
            metric, columns = find_metric(name), (table[first][name], table[second][name])
            if metric.direction == "none":
                continue
            gap = difference(*columns, table[first]["image_sha256"], settings.seed, metric.span)
            if gap:
                one, two = ({"model": model, "method": method} for model, method in (first, second))
                result.append({"metric": name, "first": one, "second": two, **asdict(gap[0]), "p": gap[1]})
    for each, p in zip(result, adjusted([each["p"] for each in result]), strict=True):
        each["p_adjusted"] = p
        each["better"] = _better(each)
    return result


def _compared(pairs: list[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Methods of one model with each other and with the random ranking, and one method on two models."""
    for first, second in combinations(pairs, 2):
        same_model, same_method = first[0] == second[0], first[1] == second[1] != RANDOM
        if same_model or same_method:
            yield first, second


def _better(each: dict[str, Any]) -> str | None:
    """Which of the two is better, ``first`` or ``second``; None where the difference may be chance."""
    if each["p_adjusted"] >= SIGNIFICANT or each["low"] <= 0.0 <= each["high"]:
        return None
    return "first" if (each["mean"] > 0) == (find_metric(each["metric"]).direction == "higher") else "second"


def _entropy(path: Path, model: str) -> list[list[float]] | None:
    """Mean attention entropy over the rows, ``[layers][heads]``."""
    filters = (pc.field("model") == model) & (pc.field("method") == RANDOM) & (pc.field("status") == "ok")
    total, count = None, 0
    for batch in pq.ParquetFile(path).iter_batches(columns=["model", "method", "status", "attention_entropy"]):
        for values in pa.Table.from_batches([batch]).filter(filters)["attention_entropy"].to_pylist():
            if values is not None:
                rows = np.array(values)
                total, count = (rows if total is None else total + rows), count + 1
    return None if total is None else (total / count).tolist()
