"""What each attention head does, by taking it away. Michel et al., "Are Sixteen Heads Really Better than One?" 2019."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from vtviz.attribution.case import Case
from vtviz.models.base import FusionModel
from vtviz.models.record import AttentionLayer
from vtviz.models.recorder import RecordedLayer
from vtviz.watch import Watch

OUTPUTS = ("output", "out_proj", "proj")


def modules_of(model: FusionModel) -> list[nn.Module]:
    """The networks that a model is made of, without those that are a part of another."""
    found = [value for value in vars(model).values() if isinstance(value, nn.Module)]
    unique = list(dict.fromkeys(found))
    return [
        each for each in unique if not any(each in list(other.modules())[1:] for other in unique if other is not each)
    ]


@contextmanager
def without_head(attention: nn.Module, head: int, heads: int) -> Iterator[None]:
    """Inside the ``with``, what one head found does not reach the output of its attention.

    Raises:
        ValueError: if the module has no output projection.
    """
    output = next((getattr(attention, name) for name in OUTPUTS if hasattr(attention, name)), None)
    if not isinstance(output, nn.Linear):
        raise ValueError("`attention` has no output projection")
    width = output.in_features // heads
    part = output.weight.data[:, head * width : (head + 1) * width]
    kept = part.clone()
    try:
        part.zero_()
        yield
    finally:
        part.copy_(kept)


def attentions(model: FusionModel, layers: Sequence[AttentionLayer | RecordedLayer]) -> list[tuple[nn.Module, int]]:
    """The module of each recorded layer, and how many heads it has.

    None are found where a layer has no output projection that is known by its name.
    """
    modules = [_find(model, layer.name) for layer in layers]
    found = [
        (module, layer.weights.shape[-3]) for module, layer in zip(modules, layers, strict=True) if module is not None
    ]
    return found if len(found) == len(layers) else []


def changes(case: Case, whole: float, attention: nn.Module, heads: int) -> np.ndarray:
    """How the target of the first text, ``whole``, changes without each head of a layer, ``[heads]``, in its units."""
    found = []
    for head in range(heads):
        with without_head(attention, head, heads):
            found.append(value(case) - whole)
    return np.array(found)


def head_importance(cases: Sequence[Case], watch: Watch | None = None) -> np.ndarray | None:
    """Mean size of the change of the target without each text→image head, ``[layers, heads]``, in units of the target.

    ``watch`` is asked between layers, where all heads are in their places. None where the attention cannot be found.
    """
    found = []
    for case in cases:
        layers = case.forward(False, {"text→image"}).attention.layers_of("text→image")
        whole, rows = value(case), []
        for attention, heads in attentions(case.model, layers):
            if watch is not None:
                watch.step(0, 1)
            rows.append(np.abs(changes(case, whole, attention, heads)))
        found.append(rows)
    return np.mean(found, axis=0) if found[0] else None


@torch.inference_mode()
def value(case: Case) -> float:
    """The target of the first text."""
    return float(case.model.score(case.features, case.text_of(0), case.scored)[0])


def _find(model: FusionModel, name: str) -> nn.Module | None:
    for root in modules_of(model):
        found = dict(root.named_modules()).get(name)
        if found is not None and any(isinstance(getattr(found, each, None), nn.Linear) for each in OUTPUTS):
            return found
    return None
