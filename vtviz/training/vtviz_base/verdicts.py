"""From which scores a verdict is given: fitted on dev, and on texts and photos that are unlike those of training.

Split conformal prediction (Vovk et al., "Algorithmic Learning in a Random World", 2005) by group: among the true texts
of every group at most ``ERROR`` fall below the lower bound, among the false ones at most ``ERROR`` reach the upper one.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from vtviz.evaluation.classification import calibration_error
from vtviz.models.verdict import Bounds
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.training.vtviz_base.data.named import NamedThings
from vtviz.training.vtviz_base.data.texts.photo_texts import WHOLE, PhotoTexts
from vtviz.watch import Watch

ERROR = 0.05  # share of the verdicts of a group and side that may be wrong
FAR = 1000  # texts about unseen things
BLOCK = 20  # pairs at a time
TINY = 1e-6  # where nothing is told apart wrongly
WEIGHTS = np.linspace(0.1, 1.5, 29).round(3).tolist()  # of the similarity in the match logit

Pair = tuple[np.ndarray, str, str | None]  # features of a photo, a true text about it, and a false one


@dataclass(frozen=True)
class Scores:
    """Match logits, or probabilities, of the true and the false texts of a group."""

    true: np.ndarray
    false: np.ndarray

    def auc(self) -> float:
        labels = np.concatenate([np.ones(len(self.true), int), np.zeros(len(self.false), int)])
        return float(roc_auc_score(labels, np.concatenate([self.true, self.false])))


@dataclass(frozen=True)
class Parts:
    """What the match logits of the true and the false texts of a group consist of: fused, and similarity, each
    ``[texts, 2]``."""

    true: np.ndarray
    false: np.ndarray

    def scores(self, weight: float, scale: float = 1.0, shift: float = 0.0) -> Scores:
        """The match logits with a weight of the similarity, and a calibration."""
        return Scores(*(scale * (side[:, 0] + weight * side[:, 1]) + shift for side in (self.true, self.false)))


def similarity_weight(groups: Iterable[Parts]) -> float:
    """The weight of the similarity in the match logit with which the groups are told apart best.

    That is where the mean of log(1 − AUC) is lowest: to halve the mistakes counts the same in an easy group and in a
    hard one.
    """
    kept = list(groups)
    return min(WEIGHTS, key=lambda weight: sum(math.log(1.0 - group.scores(weight).auc() + TINY) for group in kept))


def short_texts(texts: PhotoTexts, features: np.ndarray, kinds: Sequence[str], seed: int = 0) -> Iterator[Pair]:
    """A text of each kind about each photo that has one, with a foil."""
    rng = random.Random(f"{seed}-verdicts")
    for row in range(len(texts.rows)):
        for kind in kinds:
            text = texts.draw(row, WHOLE, rng, kind)
            if text.foil is not None:
                yield features[row], text.text, text.foil


def unseen_things(unseen: NamedThings, cache: Path, count: int = FAR, seed: int = 0) -> Iterator[Pair]:
    """Texts about photos and scenes of things that training never showed, with foils."""
    rng = random.Random(f"{seed}-verdicts")
    features = {part: np.load(cache / f"{part}.npy", mmap_mode="r") for part in unseen.parts}
    for _ in range(count):
        part, row, text = unseen.draw(rng)
        yield features[part][row], text.text, text.foil


def sentences(texts: Sequence[Sequence[str]], features: np.ndarray) -> Iterator[Pair]:
    """The first sentence of each photo, and the first of the next photo as the false one."""
    for row, own in enumerate(texts):
        other = texts[(row + 1) % len(texts)]
        if own and other:
            yield features[row], own[0], other[0]


def parts_of(model: VtvizBase, pairs: Sequence[Pair], stage: str, watch: Watch) -> Parts:
    """What the match logits of pairs consist of."""
    true: list[Tensor] = []
    false: list[Tensor] = []
    for first in watch.follow(stage, range(0, len(pairs), BLOCK)):
        block = pairs[first : first + BLOCK]
        features = torch.from_numpy(np.stack([pair[0] for pair in block])).float().to(model.device)
        true.append(model.match_parts(features, [pair[1] for pair in block]).cpu())
        wrong = [(index, pair[2]) for index, pair in enumerate(block) if pair[2]]
        if wrong:
            rows = features[[index for index, _ in wrong]]
            false.append(model.match_parts(rows, [str(text) for _, text in wrong]).cpu())
    return Parts(*(torch.cat(side).double().numpy() if side else np.zeros((0, 2)) for side in (true, false)))


def bounds_of(groups: Sequence[Scores], error: float = ERROR) -> Bounds:
    """The bounds that hold in every group, of probabilities as well as of logits.

    Where the sides are so far apart that the bounds would cross, both lie in the middle.
    """
    low = min(_quantile(group.true, error) for group in groups)
    high = max(-_quantile(-group.false, error) for group in groups if len(group.false))
    if low > high:
        low = high = (low + high) / 2
    return Bounds(low, high)


def _quantile(values: np.ndarray, share: float) -> float:
    """The largest value that at most this share of new values of the same kind is expected to lie below."""
    ordered = np.sort(values)
    return float(ordered[max(math.floor(share * (len(ordered) + 1)) - 1, 0)])


def verdict_figures(groups: Mapping[str, Scores], bounds: Bounds) -> dict[str, float]:
    """For each group of probabilities: the share of true texts told "does not", of false ones told "describes", of all
    that are told anything, the AUC and the expected calibration error."""
    figures: dict[str, float] = {}
    for name, group in groups.items():
        both = np.concatenate([group.true, group.false])
        labels = np.concatenate([np.ones(len(group.true), int), np.zeros(len(group.false), int)])
        figures |= {
            f"{name} true denied": float((group.true < bounds.low).mean()),
            f"{name} false confirmed": float((group.false >= bounds.high).mean()),
            f"{name} told": float(((both < bounds.low) | (both >= bounds.high)).mean()),
            f"{name} auc": group.auc(),
            f"{name} ece": calibration_error(both, labels),
        }
    return figures
