"""Does what the explanation ranks high move the model's answer?

A ranking is taken away from the input, or added to an empty one, in equal steps, and the area under the curve of the
model's answer over the share of the input is the metric (points 1 / steps apart, trapezoidal rule).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vtviz.metrics.base import SIGNED, Direction, Metric, Need, Size, Subject, Work

Ask = Callable[[np.ndarray], np.ndarray]
PERTURBED = 0.9  # Chefer et al. take away 0 to 90 % of the input
RISE = "Petsiuk et al., RISE, BMVC 2018"
BLOCKS = 4  # along a side: so many that maps differ, so few that orders can be searched
BEAM = 2
SAMEK = "Samek et al., Evaluating the Visualization of What a Deep Neural Network Has Learned, TNNLS 2017"
EDIN = "Edin et al., Normalized AOPC: Fixing Misleading Faithfulness Metrics, 2024 (arXiv 2408.08137)"
CHEFER = "Chefer et al., Transformer Interpretability Beyond Attention Visualization, CVPR 2021"


def prefixes(scores: np.ndarray, steps: int, share: float = 1.0) -> np.ndarray:
    """Which of n inputs are among the highest ``scores [n]`` after each step, ``[steps + 1, n]``: none to a share.

    Of equal scores the first comes first.
    """
    order = np.argsort(-scores, kind="stable")
    rank = np.empty(len(scores), dtype=int)
    rank[order] = np.arange(len(scores))
    counts = np.round(np.linspace(0.0, share * len(scores), steps + 1)).astype(int)
    return rank[None, :] < counts[:, None]


def area(curve: np.ndarray) -> float:
    """Area under a curve whose points are equally far apart on 0..1."""
    return float(np.trapezoid(curve, dx=1.0 / (len(curve) - 1)))


def insertion_curve(ask: Ask, scores: np.ndarray, steps: int) -> np.ndarray:
    """The model's answer while the inputs are added, highest score first, ``[steps + 1]``."""
    return ask(prefixes(scores, steps))


def deletion_curve(ask: Ask, scores: np.ndarray, steps: int, share: float = 1.0) -> np.ndarray:
    """The model's answer while the inputs are taken away, highest score first, ``[steps + 1]``."""
    return ask(~prefixes(scores, steps, share))


def blocks_of(grid: tuple[int, int], most: int = BLOCKS) -> np.ndarray:
    """The patches of each block, bool ``[blocks, patches]``: a grid of patches cut into at most ``most`` × ``most``."""
    rows, columns = (np.arange(length) * min(most, length) // length for length in grid)
    number = (rows[:, None] * min(most, grid[1]) + columns[None]).ravel()
    return number[None] == np.arange(number.max() + 1)[:, None]


def aopc(ask: Ask, order: np.ndarray, blocks: np.ndarray) -> float:
    """The mean fall of the answer while ``blocks [blocks, patches]`` are taken away in an order (Samek et al.)."""
    answers = ask(~np.vstack([np.zeros((1, blocks.shape[1]), bool), np.logical_or.accumulate(blocks[order])]))
    return float((answers[0] - answers[1:]).mean())


def aopc_bounds(ask: Ask, blocks: np.ndarray, beam: int = BEAM) -> tuple[float, float]:
    """The lowest and the highest ``aopc`` of any order of these blocks that a beam search finds, as Edin et al. propose
    where trying all orders is too dear. It keeps the ``beam`` best sets of blocks after each step."""
    found = []
    for sign in (1.0, -1.0):
        kept: dict[frozenset[int], float] = {frozenset(): 0.0}  # sets that are away, and the sum of the answers so far
        for _ in range(len(blocks)):
            wider = [(away, number) for away in kept for number in range(len(blocks)) if number not in away]
            answers = ask(np.array([~blocks[[*away, number]].any(axis=0) for away, number in wider]))
            best: dict[frozenset[int], float] = {}
            for (away, number), answer in zip(wider, answers.tolist(), strict=True):
                total = kept[away] + sign * answer
                best[away | {number}] = max(best.get(away | {number}, -np.inf), total)
            kept = dict(sorted(best.items(), key=lambda item: -item[1])[:beam])
        found.append(sign * max(kept.values()) / len(blocks))
    whole = float(ask(np.ones((1, blocks.shape[1]), bool))[0])
    return whole - found[0], whole - found[1]


def _aopc(subject: Subject) -> float:
    blocks = blocks_of(subject.case.model.grid)
    order = np.argsort(-(blocks @ subject.patch_scores), kind="stable")
    return aopc(subject.masked.without_patches, order, blocks)


def normalised_aopc(subject: Subject) -> float:
    """Where the ``aopc`` of a map lies between the row's own bounds, 0 (the worst order found) to 1 (the best),
    so that rows and models with bolder answers do not weigh more; NaN where all orders are alike."""
    low, high = aopc_bounds(subject.masked.without_patches, blocks_of(subject.case.model.grid))
    return float(np.clip((_aopc(subject) - low) / (high - low), 0.0, 1.0)) if high > low else float("nan")


def _patches(subject: Subject) -> tuple[Ask, np.ndarray, int]:
    return subject.masked.without_patches, subject.patch_scores, min(subject.steps, subject.masked.patches)


def _words(subject: Subject) -> tuple[Ask, np.ndarray, int]:
    return subject.masked.without_words, subject.word_scores, min(subject.steps, subject.masked.words)


def _metric(name: str, label: str, direction: Direction, paper: str, measure: Callable[[Subject], float]) -> Metric:
    words = name.startswith("word_")
    cost, work = ("min(k, W) F of the text", _of_words) if words else ("k F", _of_patches)
    needs: frozenset[Need] = frozenset({"words" if words else "patches"})
    return Metric(name, label, "faithfulness", direction, paper, cost, measure, needs, work=work)


def _of_patches(size: Size) -> Work:
    """Of a curve: its first point is known, and its last is that of every curve of the row."""
    return Work(photos=min(size.steps, size.patches) - 1, once=1)


def _of_words(size: Size) -> Work:
    return Work(texts=min(size.steps, size.words))


def _of_blocks(size: Size) -> Work:
    return Work(photos=min(BLOCKS**2, size.patches) - 1, once=1)


def _of_bounds(size: Size) -> Work:
    """At most: the sets that the search of the best and of the worst order meets, of which few are the same."""
    blocks = min(BLOCKS**2, size.patches)
    first, others = blocks, sum(BEAM * left for left in range(1, blocks))
    return Work(photos=blocks - 1, once=first + 2 * others)


def _perturbation(subject: Subject, sign: float) -> float:
    ask, scores, steps = _patches(subject)
    return area(deletion_curve(ask, sign * scores, steps, PERTURBED))


METRICS = (
    _metric("insertion", "Insertion AUC, patches", "higher", RISE, lambda s: area(insertion_curve(*_patches(s)))),
    _metric("deletion", "Deletion AUC, patches", "lower", RISE, lambda s: area(deletion_curve(*_patches(s)))),
    _metric("word_insertion", "Insertion AUC, words", "higher", RISE, lambda s: area(insertion_curve(*_words(s)))),
    _metric("word_deletion", "Deletion AUC, words", "lower", RISE, lambda s: area(deletion_curve(*_words(s)))),
    _metric("positive_perturbation", "Positive perturbation", "lower", CHEFER, lambda s: _perturbation(s, 1.0)),
    Metric(
        "aopc", "AOPC", "faithfulness", "higher", SAMEK, "16 F", _aopc, frozenset({"patches"}), True, _of_blocks, SIGNED
    ),
    Metric(
        "normalised_aopc",
        "Normalised AOPC",
        "faithfulness",
        "higher",
        EDIN,
        "16 F, and at most 544 F a row for its bounds",
        normalised_aopc,
        frozenset({"patches"}),
        costly=True,
        work=_of_bounds,
    ),
    _metric("negative_perturbation", "Negative perturbation", "higher", CHEFER, lambda s: _perturbation(s, -1.0)),
)
