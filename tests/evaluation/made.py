"""An evaluation of pairs without a model, for tests of what is made of it."""

from pathlib import Path

import numpy as np

from vtviz.evaluation.figures.table import ranking_figures
from vtviz.evaluation.runs.evaluation import Evaluation, as_scored
from vtviz.evaluation.runs.requests import Scorer
from vtviz.models.base import ScoreKind

TEXTS = ("a dog", "<b>a cat</b>", "=1+1 dogs", "一只狗")


def made(folder: Path, kind: ScoreKind = "probability", count: int = 24) -> Evaluation:
    """Pairs of six photos, which do not exist, in two groups."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    scores = np.clip(rng.normal(0.3 + 0.4 * labels, 0.25), 0.0, 1.0)
    hashes = tuple(f"{number % 6:064d}" for number in range(count))
    return Evaluation(
        Scorer("own <model>", "f" * 64, "CPU, 1 thread", kind, 0.5 if kind == "probability" else None),
        "pairs.csv",
        "2026-11-28T12:00:00+00:00",
        tuple(str(folder / f"{number % 6}.png") for number in range(count)),
        tuple(TEXTS[number % len(TEXTS)] for number in range(count)),
        hashes,
        labels,
        scores,
        tuple({"group": ["pets", "sport"][number % 3 == 0]} for number in range(count)),
        {"The photo x.png cannot be read: No such file or directory.": 2},
        ranking_figures(as_scored(hashes, labels, scores)),
    )
