"""The questions of a test with people: rows that the model answered rightly and wrongly, with and without a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vtviz.audit.report.table import read_table
from vtviz.audit.report.truth import Truth
from vtviz.audit.requests import About
from vtviz.audit.settings import RANDOM
from vtviz.inputs import InputError
from vtviz.manifests.read import Row

COUNT = 20  # which takes about ten minutes
FEWEST = 4


@dataclass(frozen=True)
class Question:
    """Is ``model`` right about the row ``row``? It is if ``right``. ``method`` is that of the map, "" where none is
    shown."""

    row: int
    model: str
    method: str
    right: bool


def draw_questions(
    folder: Path, report: dict[str, Any], rows: Sequence[Row], seed: int, count: int = COUNT
) -> list[Question]:
    """At most ``count`` questions about the first model of a report, each about another row, in random order.

    Half are about right answers and half about wrong ones, so that nobody can score by always trusting the model, and
    half of each have a map; the methods take turns.

    Args:
        folder: of the audit.
        report: of the folder.
        rows: of its manifest.
        seed: another one for each person, so that a row is seen with and without a map.
        count: of questions.

    Raises:
        InputError: if the model decides nothing, or made too few mistakes or right answers for a test.
    """
    models = [About(**{**item, "methods": tuple(item["methods"])}) for item in report["models"]]
    model = models[0]
    columns = read_table(folder / "rows.parquet", ())[model.name, RANDOM]
    right = Truth.of(rows, models).right(model.name, columns)
    if right is None:
        raise InputError(
            "The model decides nothing, so nobody can guess whether it is right; choose a model with a threshold."
        )
    measured = ~np.isnan(columns["score"])
    rng = np.random.default_rng(seed)
    numbers = [rng.permutation(columns["row"][measured & (right == kind)]) for kind in (True, False)]
    each = min(count // 2, *(len(found) for found in numbers))
    each -= each % 2  # half of them have a map
    if 2 * each < FEWEST:
        raise InputError(
            "The model gave {right} right and {wrong} wrong answers; a test with people needs at least {fewest} of "
            "each. Add photos with texts that do not describe them (label 0), or harder ones.",
            right=len(numbers[0]),
            wrong=len(numbers[1]),
            fewest=FEWEST // 2,
        )
    result, turns = [], int(rng.integers(len(model.methods)))
    for kind, found in zip((True, False), numbers, strict=True):
        for place, number in enumerate(found[:each].tolist()):
            method = ""
            if place < each // 2:
                method, turns = model.methods[turns % len(model.methods)], turns + 1
            result.append(Question(int(number), model.name, method, kind))
    return [result[place] for place in rng.permutation(len(result))]
