"""How long an audit takes beside the forward passes that it needs, and whether its memory stays flat.

    python -m benchmarks.audit MANIFEST [--limit 200] [--methods raw_attention,attention_gradcam]

The passes of rows, checks and report are counted while the audit runs; a pass is timed alone, before and after it.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import psutil
import torch
import typer

from vtviz.audit.audit import run_audit
from vtviz.audit.rows.row import target_of
from vtviz.audit.settings import Settings, names
from vtviz.engine.local import LocalEngine
from vtviz.manifests.read import read_manifest
from vtviz.models.base import FusionModel
from vtviz.models.registry import DEFAULT_MODEL, load_model
from vtviz.watch import Progress, Watch

REPEATS = 7


class Counted:
    """Counts the photos that models of a kind encode and the pairs that they score, copies of a model too."""

    def __init__(self, kind: type[Any]) -> None:
        self.photos = self.pairs = 0
        encode, score = kind.encode_pixels, kind.score

        def counted_encode(model: FusionModel, pixels: torch.Tensor) -> torch.Tensor:
            self.photos += len(pixels)
            return encode(model, pixels)

        def counted_score(model: FusionModel, features: torch.Tensor, text: Any, target: Any) -> torch.Tensor:
            self.pairs += max(len(features), len(text.ids))
            return score(model, features, text, target)

        kind.encode_pixels, kind.score = counted_encode, counted_score


def median_ms(run: Callable[[], object]) -> float:
    """Median time of a call."""
    spent = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        run()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)


def main(
    manifest: Path, limit: int = 200, methods: Annotated[str, typer.Option()] = "raw_attention,attention_gradcam"
) -> None:
    """Prints one JSON object."""
    rows = read_manifest(manifest, limit)
    model = load_model(DEFAULT_MODEL)
    image, text = rows.rows[0].photo(), model.encode_texts([rows.rows[0].text])
    pixels, features = model.pixels(image), model.encode_image(image)

    def passes() -> tuple[float, float]:
        with torch.inference_mode():
            encode = median_ms(lambda: model.encode_pixels(pixels))
            return encode, median_ms(lambda: model.score(features, text, target_of(model)))

    passes()
    before = passes()
    counted, memory, times = Counted(type(model)), list[float](), dict[str, float]()

    def hear(now: Progress) -> None:
        memory.append(psutil.Process().memory_info().rss / 2**20)
        times.setdefault(now.stage, time.perf_counter())

    with tempfile.TemporaryDirectory() as folder, closing(LocalEngine()) as door:
        run_audit(rows, Settings(methods=names(methods)), Path(folder), door.ask, Watch(hear))
        ended = time.perf_counter()
    photos, pairs = counted.photos, counted.pairs
    after = passes()
    encode, score = ((a + b) / 2 for a, b in zip(before, after, strict=True))
    needed, spent = (photos * encode + pairs * score) / 1000, ended - times["rows"]
    quarter = max(1, len(rows.rows) // 4)
    found = {
        "rows": len(rows.rows),
        "photos_encoded": photos,
        "pairs_scored": pairs,
        "encode_ms": round(encode, 1),
        "score_ms": round(score, 1),
        "passes_s": round(needed, 1),
        "audit_s": round(spent, 1),
        "rows_s": round(times["checks"] - times["rows"], 1),
        "ratio": round(spent / needed, 2),
        "memory_mb_after_a_quarter": round(max(memory[:quarter])),
        "memory_mb_at_the_end_of_the_rows": round(max(memory[quarter : len(rows.rows)], default=memory[-1])),
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    typer.run(main)
