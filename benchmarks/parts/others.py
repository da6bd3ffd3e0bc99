"""What the benchmarks with a command of their own say: audit, search, what if, the lens in a browser, CUDA."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks.measure import Figure
from benchmarks.what_if import measure as measure_changes
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.model import LoadModel
from vtviz.inputs import read_image
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.paths import ASSETS
from vtviz.scenes.compose import write_scenes

AUDITED, VECTORS, QUERIES, HOVERS, PHOTOS = 4, 20_000, 20, 40, 40
LONGEST = 900  # seconds of one command
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ONCE = "one run"


def audit(rounds: int) -> Iterator[Figure]:
    """The time of an audit of drawn scenes over that of its forward passes."""
    with tempfile.TemporaryDirectory() as folder:
        write_scenes(Path(folder), PHOTOS)
        manifest = Path(folder) / "manifest.jsonl"
        split = (Path(folder) / "test.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in split[:AUDITED]]
        lines = [json.dumps({"image": f"images/{row['image']}", "text": row["captions"][0]}) for row in rows]
        manifest.write_text("\n".join(lines), encoding="utf-8")
        found = _said("benchmarks.audit", str(manifest))
    note = "{rows} rows, {photos_encoded} photos encoded, {pairs_scored} pairs scored; one run".format(**found)
    yield Figure("Audit", "audit", float(found["ratio"]), "× its passes", note=note)
    yield Figure("Audit", "rows a minute", 60 * found["rows"] / found["rows_s"], note="without checks and report")


def search(rounds: int) -> Iterator[Figure]:
    """A search in a store of made-up vectors, and in the sample photos."""
    found = _said("benchmarks.search", "vectors", str(VECTORS), "--queries", str(QUERIES))
    note = f"{VECTORS:,} vectors of {found['width']} numbers; median of {QUERIES} queries"
    yield Figure("Search", "nearest vectors", found["nearest_ms"]["median"], "ms", QUERIES, note)
    yield Figure("Search", "the same with a filter", found["filtered_ms"]["median"], "ms", QUERIES, note)
    yield Figure("Search", "opening the store", found["open_s"], "s", note=ONCE)
    with tempfile.TemporaryDirectory() as folder:
        store, queries = f"{folder}/store", ("--queries", str(QUERIES))
        photos = _said("benchmarks.search", "photos", str(ASSETS / "samples"), store, *queries)
    for what, key in (("a text in the sample photos", "search_ms"), ("reranking by the match", "rerank_ms")):
        yield Figure("Search", what, photos[key]["median"], "ms", QUERIES, f"{photos['photos']} photos")
    yield Figure("Search", "indexing a photo", photos["index_s"] / photos["photos"], "s", note=ONCE)


def what_if(rounds: int) -> Iterator[Figure]:
    """A change of photo, text or network over a plain explanation."""
    engine = LocalEngine()
    engine.ask(LoadModel(DEFAULT_MODEL))
    image = read_image((ASSETS / "samples" / "chelsea.jpg").read_bytes())
    taken = measure_changes(engine, image, DEFAULT_MODEL, rounds)
    engine.close()
    medians = {name: statistics.median(values) for name, values in taken.items()}
    for name, median in medians.items():
        if name != "explain":
            note = f"{median:.0f} ms"
            yield Figure("What if", name, median / medians["explain"], "× an explanation", rounds, note)


def browser(rounds: int) -> Iterator[Figure]:
    """Hovering over the lens, in Chromium."""
    if not Path(CHROMIUM).exists():
        yield Figure("App", "hover", None, note=f"skipped: there is no Chromium at {CHROMIUM}")
        return
    found = _said("benchmarks.lens", "--hovers", str(HOVERS))
    for what in ("word", "patch", "small map"):
        value = found[f"hover a {what}, ms"]["script"]["median"]
        yield Figure("App", f"hover over a {what}", value, "ms", HOVERS, "until the canvas is drawn")


def cuda(rounds: int) -> Iterator[Figure]:
    """What a CUDA device brings, where there is one."""
    if not torch.cuda.is_available():
        yield Figure("CUDA", "CUDA", None, note="skipped: there is no CUDA device")
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cuda.json"
        _run("benchmarks.cuda", "--output", str(file))
        found = json.loads(file.read_text(encoding="utf-8"))
    for method, each in found["methods"].items():
        yield Figure("CUDA", f"{method}, CPU over CUDA", each["cpu_ms"] / each["cuda_ms"], "×", note=ONCE)


def _said(module: str, *arguments: str) -> Any:
    """The JSON that a benchmark prints; what a library says before it is no part of it."""
    said = _run(module, *arguments)
    return json.loads(said[said.index("{") :])


def _run(module: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, timeout=LONGEST, cwd=ASSETS.parent
    )
    if done.returncode:
        raise RuntimeError(f"{module} failed: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout
