"""How spread out and how alike the attention heads of an explanation are."""

from __future__ import annotations

import numpy as np
import torch

from vtviz.engine.explanation import Explanation
from vtviz.metrics.attention import entropy, head_similarity


def head_entropies(explanation: Explanation) -> np.ndarray:
    """Mean entropy of the rows of each head, ``[layers, heads]``."""
    return np.stack([entropy(weights).mean(dim=-1).numpy() for weights in _rows(explanation)])


def head_similarities(explanation: Explanation) -> np.ndarray:
    """How alike the rows of the heads of each layer are, ``[layers]``; NaN for a single head."""
    return np.array([head_similarity(weights) for weights in _rows(explanation)])


def _rows(explanation: Explanation) -> list[torch.Tensor]:
    """The rows of the pieces of the text, of the patches in a dual encoder, of each layer, ``[heads, rows, keys]``."""
    first, count = explanation.text_offset, len(explanation.tokens.pieces)
    if explanation.main_kind == "image":
        first, count = explanation.image_offset, explanation.grid[0] * explanation.grid[1]
    return [layer.weights[:, first : first + count] for layer in explanation.record.of_kind(explanation.main_kind)]
