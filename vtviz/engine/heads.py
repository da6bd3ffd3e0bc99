"""What the heads of the model did for one explanation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from vtviz.attribution.case import Case
from vtviz.engine.engine import Shared
from vtviz.engine.explanation import Explanation
from vtviz.metrics.attention import entropy, head_similarity
from vtviz.metrics.heads import attentions, changes, value
from vtviz.models.base import FusionModel


def head_entropies(explanation: Explanation) -> np.ndarray:
    """Mean entropy of the rows of each head, ``[layers, heads]``."""
    return np.stack([entropy(weights).mean(dim=-1).numpy() for weights in _rows(explanation)])


def head_similarities(explanation: Explanation) -> np.ndarray:
    """How alike the rows of the heads of each layer are, ``[layers]``; NaN for a single head."""
    return np.array([head_similarity(weights) for weights in _rows(explanation)])


def head_changes(
    engine: Shared, explanation: Explanation, progress: Callable[[int, int], None] = lambda done, total: None
) -> np.ndarray | None:
    """How the match changes without each text→image head of the record, ``[layers, heads]``, in units of the match.

    The record is that of the match, whatever the target. The model is borrowed for a layer at a time, so others get
    their turn; ``progress`` hears of each before it is taken. None where the model has no such attention, or its parts
    cannot be found.
    """
    if explanation.main_kind != "text→image":
        return None

    features = engine.features(explanation.model, explanation.image)

    def start(model: FusionModel) -> tuple[Case, float, list[tuple[nn.Module, int]]]:
        case = Case(model, explanation.image, [explanation.tokens.text], features=features)
        return case, value(case), attentions(model, explanation.record.of_kind("text→image"))

    case, whole, layers = engine.use(explanation.model, start)
    found = []
    for place, (attention, heads) in enumerate(layers):
        progress(place, len(layers))

        def take(model: FusionModel, attention: nn.Module = attention, heads: int = heads) -> np.ndarray:
            return changes(case, whole, attention, heads)

        found.append(engine.use(explanation.model, take))
    return np.stack(found) if found else None


def _rows(explanation: Explanation) -> list[torch.Tensor]:
    """The rows of the pieces of the text, of the patches in a dual encoder, of each layer, ``[heads, rows, keys]``."""
    first, count = explanation.text_offset, len(explanation.tokens.pieces)
    if explanation.main_kind == "image":
        first, count = explanation.image_offset, explanation.grid[0] * explanation.grid[1]
    return [each.weights[:, first : first + count] for each in explanation.record.of_kind(explanation.main_kind)]
