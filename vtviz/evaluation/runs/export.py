"""An evaluation for other programs: the pairs with their scores as CSV, all figures as JSON."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from vtviz.evaluation.figures.reliability import reliability
from vtviz.evaluation.figures.slices import slices
from vtviz.evaluation.figures.table import figures_at
from vtviz.evaluation.runs.evaluation import Evaluation
from vtviz.spreadsheets import as_cell

FIXED = ("image", "text", "label", "score", "called", "image_sha256")


def to_csv(evaluation: Evaluation, threshold: float) -> bytes:
    """A row per pair: the photo, the text, its label, the score, what it is called at the threshold (1 for a match),
    and the further columns of its row. UTF-8 with a mark, which spreadsheets need; no text runs there as a formula."""
    names = [name for name in evaluation.slice_keys if not name.startswith(":") and name not in FIXED]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([*FIXED, *map(as_cell, names)])
    for index, score in enumerate(evaluation.scores.tolist()):
        fixed = (
            as_cell(Path(evaluation.paths[index]).name),
            as_cell(evaluation.texts[index]),
            int(evaluation.labels[index]),
            repr(score),
            int(score >= threshold),
            evaluation.hashes[index],
        )
        writer.writerow([*fixed, *(as_cell(evaluation.keys[index].get(name, "")) for name in names)])
    return buffer.getvalue().encode("utf-8-sig")


def figures_of(evaluation: Evaluation, threshold: float) -> dict[str, Any]:
    """All figures at a threshold as plain values; None where one has no meaning."""
    found = reliability(evaluation.scored) if evaluation.scorer.score_kind == "probability" else None
    return {
        "schema": "vtviz.pair_figures/1",
        "created": evaluation.created,
        "scorer": asdict(evaluation.scorer),
        "data": evaluation.data,
        "pairs": len(evaluation.scores),
        "photos": evaluation.scored.photo_count,
        "failures": dict(evaluation.failures),
        **figures_at(evaluation.scored, threshold),
        **evaluation.ranking,
        "ece": None if found is None else found.ece,
        "slices": [asdict(part) for part in slices(evaluation.scored, evaluation.slice_keys, threshold)],
    }


def to_json(evaluation: Evaluation, threshold: float) -> bytes:
    """The same as a JSON file."""
    return orjson.dumps(figures_of(evaluation, threshold), option=orjson.OPT_INDENT_2)
