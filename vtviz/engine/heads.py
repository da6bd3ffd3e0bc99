"""What the heads of the model did for one explanation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from vtviz.attribution.case import Case
from vtviz.engine.engine import Shared
from vtviz.engine.explanation import Explanation
from vtviz.metrics.attention import entropy, head_similarity
from vtviz.metrics.heads import changes, value
from vtviz.models.base import FusionModel
from vtviz.models.record import AttentionLayer


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
    their turn; ``progress`` hears of each before it is taken. None where the model has no such attention.
    """
    if explanation.main_kind != "text→image":
        return None

    features = engine.features(explanation.model, explanation.image)

    def start(model: FusionModel) -> tuple[Case, float]:
        case = Case(model, explanation.image, [explanation.tokens.text], features=features)
        return case, value(case)

    case, whole = engine.use(explanation.model, start)
    layers = explanation.record.of_kind("text→image")
    found = []
    for place, layer in enumerate(layers):
        progress(place, len(layers))

        def take(model: FusionModel, layer: AttentionLayer = layer) -> np.ndarray:
            return changes(case, whole, layer.name, len(layer.weights))

        found.append(engine.use(explanation.model, take))
    return np.stack(found) if found else None


def _rows(explanation: Explanation) -> list[torch.Tensor]:
    """The rows of the pieces of the text, of the patches in a dual encoder, of each layer, ``[heads, rows, keys]``."""
    first, count = explanation.text_offset, len(explanation.tokens.pieces)
    if explanation.main_kind == "image":
        first, count = explanation.image_offset, explanation.grid[0] * explanation.grid[1]
    return [each.weights[:, first : first + count] for each in explanation.record.of_kind(explanation.main_kind)]
