"""Attention step by step, in float64. Vaswani et al., "Attention Is All You Need", 2017."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vtviz.inputs import InputError


@dataclass(frozen=True, eq=False)
class Problem:
    """What attention is computed from; rows are tokens.

    ``x [n, d]`` asks, ``context [m, c]`` answers (``x`` itself where None: self-attention). ``w_q [k, d]``, ``w_k [k,
    c]`` and ``w_v [v, c]`` make q = W x of a row; ``w_o [o, v]`` projects the joined heads, which are the output where
    it is None. ``heads`` divides k and v; a head has k / heads numbers, its d_k. ``mask [n, m]`` is True where a query
    may attend to a key, None for everywhere.
    """

    x: np.ndarray
    w_q: np.ndarray
    w_k: np.ndarray
    w_v: np.ndarray
    context: np.ndarray | None = None
    w_o: np.ndarray | None = None
    heads: int = 1
    mask: np.ndarray | None = field(default=None)
    temperature: float = 1.0

    @property
    def source(self) -> np.ndarray:
        """What keys and values are made of, ``[m, c]``."""
        return self.x if self.context is None else self.context


@dataclass(frozen=True, eq=False)
class Steps:
    """Every step of attention.

    ``q [n, k]``, ``k [m, k]``, ``v [m, v]`` with the heads side by side; ``scores`` (q·k), ``scaled`` (over √d_k) and
    ``weights``, each ``[heads, n, m]``; ``joined [n, v]``, the weighted sums of all heads; ``output [n, o]``.
    """

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    scores: np.ndarray
    scaled: np.ndarray
    weights: np.ndarray
    joined: np.ndarray
    output: np.ndarray


def attend(problem: Problem) -> Steps:
    """All steps: weights are softmax(QKᵀ / √d_k / temperature) over the keys that the mask leaves.

    Raises:
        InputError: if a number leaves the range of float64.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        q, k, v = problem.x @ problem.w_q.T, problem.source @ problem.w_k.T, problem.source @ problem.w_v.T
        queries, keys, values = (_split(side, problem.heads) for side in (q, k, v))
        scores = queries @ keys.transpose(0, 2, 1)
        scaled = scores / np.sqrt(queries.shape[-1])
        weights = softmax(scaled / problem.temperature, problem.mask)
        joined = (weights @ values).transpose(1, 0, 2).reshape(len(q), -1)
        output = joined if problem.w_o is None else joined @ problem.w_o.T
    steps = Steps(q, k, v, scores, scaled, weights, joined, output)
    if not all(np.isfinite(step).all() for step in vars(steps).values()):
        raise InputError("These numbers are too large to compute with; use smaller ones.")
    return steps


def softmax(scores: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Each row of ``scores [..., n, m]`` as positive weights that sum to 1; 0 where ``mask [n, m]`` is False."""
    shown = scores if mask is None else np.where(mask, scores, -np.inf)
    powers = np.exp(shown - shown.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _split(side: np.ndarray, heads: int) -> np.ndarray:
    """``[n, heads · size]`` as ``[heads, n, size]``."""
    return side.reshape(len(side), heads, -1).transpose(1, 0, 2)
