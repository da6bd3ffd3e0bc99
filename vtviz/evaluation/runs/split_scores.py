"""The scores that ``vtviz evaluate`` makes on its way, as an evaluation of pairs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from torch import Tensor

from vtviz.evaluation.figures.table import ranking_figures
from vtviz.evaluation.pairs.read import split_pairs
from vtviz.evaluation.runs.evaluation import Evaluation, as_scored
from vtviz.evaluation.runs.requests import Scorer
from vtviz.evaluation.split import Row
from vtviz.machine import device_label
from vtviz.models.base import FusionModel, as_score


def evaluation_of_split(
    model: FusionModel, name: str, data: str, rows: Sequence[Row], images: Path, logits: Tensor
) -> Evaluation:
    """The evaluation of a split.

    Args:
        model: what scored the pairs.
        name: its name.
        data: the name of the data set and its split.
        rows: the photos with their captions.
        images: the folder of the photos.
        logits: of the pairs in the order of ``split_pairs``, ``[n]``.
    """
    pairs = list(split_pairs(rows, images))
    sha256 = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in {pair.image for pair in pairs}}
    hashes = tuple(sha256[pair.image] for pair in pairs)
    scored = as_scored(
        hashes, [pair.label for pair in pairs], as_score(logits.double(), model.score_kind).cpu().numpy()
    )
    return Evaluation(
        Scorer(name, model.weights_sha256, device_label(model.device), model.score_kind, model.threshold),
        data,
        datetime.now(UTC).isoformat(timespec="seconds"),
        tuple(str(pair.image) for pair in pairs),
        tuple(pair.text for pair in pairs),
        hashes,
        scored.labels.astype(int),
        scored.scores,
        tuple(dict(pair.keys) for pair in pairs),
        {},
        ranking_figures(scored),
    )
