"""ROAD: patches are taken away by what their surroundings suggest, so that the hole itself tells the model little.

Rong et al., "A Consistent and Efficient Evaluation Strategy for Attribution Methods", ICML 2022.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve
from torch import Tensor

from vtviz.attribution.perturbation import batch_size, encode, in_batches, score, to_pixels
from vtviz.metrics.base import SIGNED, Metric, Subject, Work
from vtviz.metrics.faithfulness import prefixes
from vtviz.models.base import as_score

CELLS = 4  # of a patch along each side: what is imputed is smooth, so more would cost time and show nothing
STEPS = 5
LARGEST = 0.8  # share of the patches that is taken away at most
NOISE = 0.01  # of the spread of the pixels
NEIGHBOURS = (
    *((dy, dx, 1 / 6) for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1))),
    *((dy, dx, 1 / 12) for dy, dx in ((-1, -1), (-1, 1), (1, -1), (1, 1))),
)


def imputed(values: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """``values [channels, h, w]`` with each cell that ``shown [h, w]`` has False replaced by the mean of its
    neighbours, direct ones counting double, for all such cells at once (a linear system). At the edges the weights of
    the neighbours that are there count in full; nothing shown gives the mean."""
    if not shown.any():
        return np.broadcast_to(values.mean(axis=(1, 2), keepdims=True), values.shape).copy()
    holes = np.flatnonzero(~shown.ravel())
    if not len(holes):
        return values.copy()
    height, width = shown.shape
    place = np.full(shown.size, -1)
    place[holes] = np.arange(len(holes))
    y, x = np.divmod(holes, width)
    rows, columns, entries = [np.arange(len(holes))], [np.arange(len(holes))], [np.zeros(len(holes))]
    known = np.zeros((len(holes), values.shape[0]))
    flat = values.reshape(values.shape[0], -1)
    for dy, dx, weight in NEIGHBOURS:
        there = (y + dy >= 0) & (y + dy < height) & (x + dx >= 0) & (x + dx < width)
        other = (y + dy)[there] * width + (x + dx)[there]
        entries[0][there] += weight
        own, hole = np.flatnonzero(there), place[other] >= 0
        rows.append(own[hole])
        columns.append(place[other[hole]])
        entries.append(np.full(int(hole.sum()), -weight))
        np.add.at(known, own[~hole], weight * flat[:, other[~hole]].T)
    shape = (len(holes), len(holes))
    system = coo_array((np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))), shape=shape).tocsc()
    result = flat.copy()
    result[:, holes] = np.reshape(spsolve(system, known), (len(holes), -1)).T
    return result.reshape(values.shape)


def road(subject: Subject) -> float:
    """Mean over shares up to 80 % of half the gap between the answer without the least and without the most relevant
    patches, -0.5..0.5 for a probability. Above 0 the map knows what matters (the combined ROAD of pytorch-grad-cam)."""
    shares = prefixes(subject.patch_scores, STEPS, LARGEST)[1:]
    back = prefixes(-subject.patch_scores, STEPS, LARGEST)[1:]
    answers = _without(subject, ~np.concatenate([shares, back]))
    return float((answers[STEPS:] - answers[:STEPS]).mean() / 2)


def _without(subject: Subject, kept: np.ndarray) -> np.ndarray:
    """The model's answers with only the patches that ``kept [n, patches]`` has True, the others imputed."""
    case, watch = subject.case, subject.masked.watch
    pixels, grid = case.pixels, case.model.grid
    generator = torch.Generator().manual_seed(subject.seed)
    coarse = F.interpolate(pixels, size=(grid[0] * CELLS, grid[1] * CELLS), mode="area")[0].cpu().double().numpy()
    noise = NOISE * float(pixels.std()) * torch.randn(pixels.shape, generator=generator).to(pixels)

    def ask(part: slice) -> Tensor:
        watch.check()
        masks = kept[part].reshape(-1, *grid)
        fine = np.kron(masks, np.ones((1, CELLS, CELLS))) > 0
        holes = torch.from_numpy(np.stack([imputed(coarse, mask) for mask in fine])).to(pixels)
        size = (int(pixels.shape[2]), int(pixels.shape[3]))
        filling = F.interpolate(holes, size=size, mode="bilinear", align_corners=False) + noise
        shown = to_pixels(torch.from_numpy(masks), pixels)
        return score(case, encode(case.model, torch.where(shown > 0, pixels, filling)), case.text_of(0))

    values = torch.cat(list(in_batches(ask, len(kept), batch_size(pixels))))
    if case.target.kind == "match" and subject.masked.as_shown:
        values = as_score(values, case.model.score_kind)
    return values.numpy()


METRICS = (
    Metric(
        "road",
        "ROAD",
        "faithfulness",
        "higher",
        "Rong et al., A Consistent and Efficient Evaluation Strategy for Attribution Methods, ICML 2022",
        f"{2 * STEPS} F",
        road,
        frozenset({"patches"}),
        costly=True,
        work=lambda size: Work(photos=2 * STEPS),
        span=SIGNED,
    ),
)
