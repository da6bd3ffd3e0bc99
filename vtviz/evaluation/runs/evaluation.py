"""An evaluation that is done: who scored what, and every score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from vtviz.evaluation.figures.scored import Scored
from vtviz.evaluation.figures.slices import text_keys
from vtviz.evaluation.figures.table import best_f1
from vtviz.evaluation.runs.requests import Scorer
from vtviz.inputs import InputError

ABOUT, SCORES = "evaluation.json", "scores.parquet"
SCHEMA = "vtviz.pairs/1"
Numbers = Sequence[int] | Sequence[float] | np.ndarray
COLUMNS = pa.schema(
    [
        ("pair", pa.int32()),
        ("image", pa.string()),
        ("text", pa.string()),
        ("label", pa.int8()),
        ("score", pa.float64()),
        ("image_sha256", pa.string()),
        ("keys", pa.map_(pa.string(), pa.string())),
        ("reason", pa.string()),
    ]
)


def as_scored(
    hashes: Sequence[str], labels: Sequence[int] | np.ndarray, scores: Sequence[float] | np.ndarray
) -> Scored:
    """Pairs as numbers; photos are told apart by their ``hashes``, so that one in two files is one photo."""
    known, photos = np.unique(np.array(hashes, dtype=str), return_inverse=True)
    return Scored(np.asarray(scores, float), np.asarray(labels).astype(bool), photos, len(known))


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The scores of a model on pairs.

    Args:
        scorer: the model.
        data: the name of the data.
        created: when it was done, in ISO format.
        paths: the photo of each scored pair.
        texts: its text.
        hashes: the sha256 of its photo.
        labels: ``[n]``, 1 for a match.
        scores: ``[n]``.
        keys: the further columns of each pair's row.
        failures: how many pairs could not be scored, by the reason.
        ranking: ``auc`` and ``average_precision`` with their intervals, which take a while.
    """

    scorer: Scorer
    data: str
    created: str
    paths: tuple[str, ...]
    texts: tuple[str, ...]
    hashes: tuple[str, ...]
    labels: np.ndarray
    scores: np.ndarray
    keys: tuple[Mapping[str, str], ...]
    failures: Mapping[str, int]
    ranking: Mapping[str, Any]

    @cached_property
    def scored(self) -> Scored:
        """The pairs as numbers."""
        return as_scored(self.hashes, self.labels, self.scores)

    @cached_property
    def start(self) -> float:
        """The threshold to begin with: the model's own, else the best on these pairs, else the middle score."""
        own = self.scorer.threshold
        best = best_f1(self.scored) if own is None else own
        return float(np.median(self.scores)) if best is None else best

    @cached_property
    def slice_keys(self) -> dict[str, list[str]]:
        """The value of every pair for each key, those read from the texts last; ``""`` where a pair has none."""
        names = list(dict.fromkeys(name for keys in self.keys for name in keys))
        own = {name: [keys.get(name, "") for keys in self.keys] for name in names}
        return {**own, **text_keys(self.texts)}

    @property
    def pair_keys(self) -> list[tuple[str, str, int]]:
        """What tells one pair from another, whichever model scored it: photo, text and label."""
        return list(zip(self.hashes, self.texts, self.labels.tolist(), strict=True))


def read_evaluation(folder: Path) -> Evaluation:
    """The evaluation in a folder.

    Raises:
        InputError: if its files are missing or damaged.
    """
    try:
        about = orjson.loads((folder / ABOUT).read_bytes())
        table = pq.read_table(folder / SCORES, schema=COLUMNS).sort_by("pair")
        scorer = Scorer(**about["scorer"])
    except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
        raise InputError(
            "The files of the evaluation in {folder} are missing or damaged; evaluate again.", folder=str(folder)
        ) from error
    failed = [reason for reason in table["reason"].to_pylist() if reason]
    good = table.filter(pa.array([not reason for reason in table["reason"].to_pylist()], pa.bool_()))
    return Evaluation(
        scorer,
        about["data"],
        about["created"],
        tuple(good["image"].to_pylist()),
        tuple(good["text"].to_pylist()),
        tuple(good["image_sha256"].to_pylist()),
        good["label"].to_numpy().astype(int),
        good["score"].to_numpy().astype(float),
        tuple(dict(pairs or ()) for pairs in good["keys"].to_pylist()),
        {reason: failed.count(reason) for reason in dict.fromkeys(failed)},
        about["ranking"],
    )


def common_pairs(first: Evaluation, second: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    """The indices in either evaluation of the pairs that both scored, in the same order."""
    places: dict[tuple[str, str, int], list[int]] = {}
    for index, key in enumerate(second.pair_keys):
        places.setdefault(key, []).append(index)
    both = [(index, places[key].pop(0)) for index, key in enumerate(first.pair_keys) if places.get(key)]
    return np.array([own for own, _ in both], int), np.array([other for _, other in both], int)
