"""Statistics of attention, and of how much of a photo a map covers."""

from __future__ import annotations

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from vtviz.metrics.base import Metric, Subject
from vtviz.models.record import entropy

__all__ = ["coverage", "entropy", "head_entropy", "head_similarity"]

MASS = 0.5


def head_entropy(weights: Tensor) -> Tensor:
    """Mean entropy of each head of ``weights [heads, queries, keys]`` over the queries, ``[heads]`` in 0..1."""
    return entropy(weights).mean(dim=-1)


def head_similarity(weights: Tensor) -> float:
    """Mean cosine between the attention of each pair of heads of ``weights [heads, queries, keys]``, over the queries.

    1 means that the heads do the same thing. NaN for a single head.
    """
    heads = weights.shape[0]
    unit = F.normalize(weights.float(), dim=-1)
    total = float(unit.sum(dim=0).square().sum(dim=-1).mean())  # Σ over all pairs, both ways and with themselves
    return (total - heads) / (heads * (heads - 1)) if heads > 1 else float("nan")


def coverage(relevance: np.ndarray, mass: float = MASS) -> float:
    """The smallest share of the patches that together hold ``mass`` of the positive relevance; 0 where none is."""
    values = np.sort(relevance.ravel().clip(min=0.0))[::-1].astype(np.float64)
    total = values.sum()
    if total <= 0:
        return 0.0
    return float((np.searchsorted(values.cumsum(), mass * total * (1 - 1e-9)) + 1) / len(values))


def sparseness(relevance: np.ndarray) -> float:
    """The Gini index of the sizes in a map, 0 (all equal) to almost 1 (one patch holds all).

    Chalasani et al., "Concise Explanations of Neural Networks using Adversarial Training", ICML 2020.
    """
    sizes = np.sort(np.abs(relevance).ravel()).astype(np.float64)
    count, total = len(sizes), sizes.sum()
    if total <= 0:
        return float("nan")
    return float(((2 * np.arange(1, count + 1) - count - 1) * sizes).sum() / (count * total))


def _text_share(subject: Subject) -> float:
    details = subject.relevance.details
    return float("nan") if details is None or details.text_share is None else details.text_share


METRICS = (
    Metric(
        "coverage",
        "Share of patches holding half of the map",
        "attention",
        "none",
        "vtviz",
        "0",
        lambda subject: coverage(subject.relevance.image),
        frozenset({"patches"}),
    ),
    Metric(
        "sparseness",
        "Sparseness",
        "attention",
        "none",
        "Chalasani et al., Concise Explanations of Neural Networks using Adversarial Training, ICML 2020",
        "0",
        lambda subject: sparseness(subject.relevance.image),
        frozenset({"patches"}),
    ),
    Metric(
        "text_share",
        "Text share (T-SHAP)",
        "attention",
        "none",
        "Parcalabescu and Frank, MM-SHAP, ACL 2023",
        "0 where the method is a Shapley method",
        _text_share,
    ),
)
