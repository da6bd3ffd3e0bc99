"""What each attention head does, by removing it. Michel et al., "Are Sixteen Heads Really Better than One?" 2019."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vtviz.attribution.case import Case
from vtviz.models.recorder import Change
from vtviz.watch import Watch


def without_head(layer: str, head: int) -> Change:
    """A change that removes one head of a layer: its attention weights become zeros, and so does what it mixes."""

    def change(name: str, weights: Tensor) -> Tensor | None:
        if name != layer:
            return None
        weights[:, head] = 0.0
        return weights

    return change


def cross_layers(case: Case) -> list[tuple[str, int]]:
    """The name of each text→image layer that runs for the target, and how many heads it has; empty without any."""
    if "text→image" not in case.model.abilities.kinds[case.target.kind]:
        return []
    layers = case.forward(False, {"text→image"}).attention.layers_of("text→image")
    return [(layer.name, layer.weights.shape[1]) for layer in layers]


def changes(case: Case, whole: float, layer: str, heads: int) -> np.ndarray:
    """How the target of the first text, ``whole``, changes without each head of a layer, ``[heads]``, in its units."""
    return np.array([value(case, without_head(layer, head)) - whole for head in range(heads)])


def head_changes(case: Case, watch: Watch) -> np.ndarray | None:
    """How the target of the first text changes without each text→image head, ``[layers, heads]``, in its units.

    ``watch`` hears of each layer. None where the model has no text→image attention.

    Raises:
        Cancelled: if the watch says so.
    """
    layers = cross_layers(case)
    if not layers:
        return None
    watch.step(0, len(layers))
    whole, rows = value(case), []
    for layer, heads in layers:
        rows.append(changes(case, whole, layer, heads))
        watch.step(len(rows), len(layers))
    return np.stack(rows)


def head_importance(cases: Sequence[Case], watch: Watch | None = None) -> np.ndarray | None:
    """Mean size of the change of the target without each text→image head, ``[layers, heads]``, in units of the target.

    ``watch`` may pause or cancel between layers. None where the model has no text→image attention.

    Raises:
        Cancelled: if the watch says so.
    """
    quiet = (watch or Watch()).quietly()
    rows = [head_changes(case, quiet) for case in cases]
    sizes = [np.abs(row) for row in rows if row is not None]
    return np.mean(sizes, axis=0) if sizes else None


@torch.inference_mode()
def value(case: Case, change: Change | None = None) -> float:
    """The target of the first text, with attention that ``change`` may replace."""
    with case.model.record((), change):
        return float(case.model.score(case.features, case.text_of(0), case.scored)[0])
