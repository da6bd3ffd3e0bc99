"""Reports made of rows written by hand: no model is asked."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vtviz.audit.audit import make_report
from vtviz.audit.requests import About
from vtviz.audit.rows.store import RowStore
from vtviz.audit.settings import RANDOM, Settings
from vtviz.manifests.read import Manifest, Row, read_manifest

METHOD = "raw_attention"
SETTINGS = Settings(("made",), (METHOD,), ("insertion", "pointing"))
MODEL = About("made", "w" * 64, "cpu", (METHOD,), 0.5, "probability")
Value = Callable[[int, str], float | None]  # of a row's number and a method


def rows_of(folder: Path, count: int, groups: Sequence[str] = ("a", "b"), wrong_labels: Sequence[int] = ()) -> Manifest:
    """``count`` rows, each with a photo of its own, in groups that take turns."""
    rows = [
        Row(
            number,
            folder / f"{number}.jpg",
            f"text {number}",
            group=groups[number % len(groups)],
            label=0 if number in wrong_labels else 1,
        )
        for number in range(1, count + 1)
    ]
    lines = [{"image": row.image.name, "text": row.text, "group": row.group, "label": row.label} for row in rows]
    (folder / "m.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return read_manifest(folder / "m.jsonl")


def write_rows(
    folder: Path,
    manifest: Manifest,
    score: Callable[[int], float],
    values: dict[str, Value],
    wrong: Callable[[int], list[float]] | None = None,
    settings: Settings = SETTINGS,
) -> Path:
    """``rows.parquet`` of one model whose scores and metrics are given."""
    folder.mkdir(exist_ok=True)
    store = RowStore(folder, settings.metrics, ["wrong_scores"] if wrong is not None else [])
    for row in manifest.rows:
        for method in (METHOD, RANDOM):
            about = {"model": "made", "method": method, "row": row.number, "image": row.image.name, "text": row.text}
            record: dict[str, Any] = {**about, "group": row.group, "status": "ok", "score": score(row.number)}
            record |= {"image_sha256": f"{row.number:064d}", "notes": [], "attention_entropy": [[0.5, 0.25]]}
            record |= {name: value(row.number, method) for name, value in values.items()}
            if wrong is not None and method == RANDOM:
                record["wrong_scores"] = wrong(row.number)
            store.add([record])
    store.join()
    return store.whole


def made_report(
    folder: Path,
    count: int = 40,
    score: Callable[[int], float] = lambda number: 0.2 if number % 5 == 0 else 0.9,
    values: dict[str, Value] | None = None,
    wrong: Callable[[int], list[float]] | None = None,
    **manifest: Any,
) -> dict[str, Any]:
    """A whole report; in group ``b`` insertion is 0.3 higher."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.05, count + 1)

    def insertion(number: int, method: str) -> float:
        return 0.5 + noise[number] + (0.3 if number % 2 and method == METHOD else 0.0)

    known: dict[str, Value] = values or {"insertion": insertion, "pointing": lambda number, _: float(number % 4 > 0)}
    settings = replace(SETTINGS, metrics=tuple(known))
    rows = rows_of(folder, count, **manifest)
    path = write_rows(folder / "out", rows, score, known, wrong, settings)
    checks: dict[str, Any] = {"made": {"sanity": {METHOD: []}, "heads": None}}
    return make_report(rows, settings, [MODEL], path, checks)
