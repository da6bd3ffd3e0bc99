"""Attention that is switched off, cut or pushed while the model runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vtviz.attribution.case import Case, Positions
from vtviz.inputs import InputError
from vtviz.interventions.changes import NETWORK, Change, Cut, Push, Without
from vtviz.models.base import Abilities, TargetKind
from vtviz.models.record import AttentionRecord, Kind
from vtviz.models.recorder import Change as AttentionChange

TO_PATCHES: tuple[Kind, ...] = ("text→image", "fused")  # where words attend to patches
Edit = Callable[[Tensor, Positions], Tensor]  # of weights [batch, heads, queries, keys], which it may write into


@dataclass(frozen=True)
class Layer:
    """An attention layer that runs for a target, and how many heads it has."""

    name: str
    kind: Kind
    heads: int


def layers_in(record: AttentionRecord) -> tuple[Layer, ...]:
    """The layers of a record, in their order."""
    return tuple(Layer(layer.name, layer.kind, len(layer.weights)) for layer in record.layers)


def layers_of(case: Case) -> tuple[Layer, ...]:
    """The layers that run for a case, in their order."""
    layers = case.forward(False, case.model.abilities.kinds[case.target.kind]).attention.layers
    return tuple(Layer(layer.name, layer.kind, layer.weights.shape[1]) for layer in layers)


def why_not(change: type[Change], abilities: Abilities, target: TargetKind) -> InputError | None:
    """Why a model does not offer a change for a target, or None where it does."""
    kinds = abilities.kinds[target]
    if change is Without and not kinds:
        return InputError("The model shows no attention for its {target}, so none can be switched off.", target=target)
    if change in (Cut, Push) and not kinds & set(TO_PATCHES):
        return InputError(
            "No word attends to a patch when this model computes its {target}, so no such attention can be changed; "
            "switch off heads or layers instead.",
            target=target,
        )
    if change in (Cut, Push) and not abilities.reads_patches:
        return InputError(
            "The words of this model attend to summaries of the photo, not to single patches; switch off heads or "
            "layers instead."
        )
    return None


def with_network(case: Case, changes: Sequence[Change], layers: Sequence[Layer]) -> Case:
    """The case with those changes that are about the network, in the ``layers`` that run for it.

    Raises:
        InputError: if the model does not offer a change, or there is no such layer, head, word or patch.
    """
    edits: dict[str, list[Edit]] = {}
    by_word = False
    for change in changes:
        if not isinstance(change, NETWORK):
            continue
        reason = why_not(type(change), case.model.abilities, case.target.kind)
        if reason is not None:
            raise reason
        edit: Edit | None = _switched_off(change.head) if isinstance(change, Without) else None
        if isinstance(change, Without):
            chosen = _chosen(change, layers)
        else:
            if change.place not in case.places:
                raise InputError("The text has no word {place} any more; choose another word.", place=change.place)
            chosen = [layer for layer in layers if layer.kind in TO_PATCHES]
            edit, by_word = _moved(change, case), True
        if edit is not None:
            for layer in chosen:
                edits.setdefault(layer.name, []).append(edit)
    return case.with_attention(lambda positions: _all(edits, positions), by_word) if edits else case


def _all(edits: dict[str, list[Edit]], positions: Positions) -> AttentionChange:
    def change(name: str, weights: Tensor) -> Tensor | None:
        for edit in edits.get(name, ()):
            weights = edit(weights, positions)
        return weights if name in edits else None

    return change


def _chosen(change: Without, layers: Sequence[Layer]) -> list[Layer]:
    """The layers that are switched off, or have a head that is."""
    own = [layer for layer in layers if layer.kind == change.kind]
    if not own:
        raise InputError(
            "The model has no {kind} attention for this target, so there is none to switch off.", kind=change.kind
        )
    if change.layer is None and change.head is not None:
        raise InputError("Name the layer of the head {head} that is switched off.", head=change.head)
    if change.layer is None:
        return own
    if not 0 <= change.layer < len(own):
        raise InputError(
            "There is no {kind} layer {layer}: layer numbers start at 0 and stay below {count}.",
            kind=change.kind,
            layer=change.layer,
            count=len(own),
        )
    layer = own[change.layer]
    if change.head is not None and not 0 <= change.head < layer.heads:
        raise InputError(
            "There is no head {head} in this layer: head numbers start at 0 and stay below {count}.",
            head=change.head,
            count=layer.heads,
        )
    return [layer]


def _switched_off(head: int | None) -> Edit:
    def edit(weights: Tensor, positions: Positions) -> Tensor:
        weights[:, slice(None) if head is None else head] = 0.0
        return weights

    return edit


def _moved(change: Cut | Push, case: Case) -> Edit | None:
    """What cuts or pushes the rows of a word; None where that changes nothing."""
    count = int(np.prod(case.model.grid))
    patches = torch.from_numpy(np.flatnonzero(change.mask(case.model.grid, case.frame))).to(case.model.device)
    if isinstance(change, Push) and not 0 <= change.strength <= 1:
        raise InputError("The strength {strength} must be from 0 to 1.", strength=change.strength)
    if isinstance(change, Push) and change.strength == 0:
        return None

    def edit(weights: Tensor, positions: Positions) -> Tensor:
        columns = weights.shape[-1] - count + patches  # the patches stand last, whatever else there is
        for row in positions[change.place]:
            if row < weights.shape[-2]:
                moved = cut if isinstance(change, Cut) else push
                weights[:, :, row] = moved(weights[:, :, row], columns, getattr(change, "strength", 1.0))
        return weights

    return edit


def cut(rows: Tensor, columns: Tensor, strength: float = 1.0) -> Tensor:
    """Rows of attention ``[..., keys]`` with zeros in ``columns``, and the rest grown to the sum that it had before; a
    row with nothing else is one of zeros."""
    left = rows.index_fill(-1, columns, 0.0)
    sums = left.sum(dim=-1, keepdim=True)
    return left * (rows.sum(dim=-1, keepdim=True) / torch.where(sums > 0, sums, torch.ones_like(sums)))


def push(rows: Tensor, columns: Tensor, strength: float) -> Tensor:
    """Rows of attention ``[..., keys]`` in which all but ``columns`` shrinks to 1 − strength, and what is gained so is
    spread evenly over ``columns``."""
    others = rows.index_fill(-1, columns, 0.0)
    gained = strength * others.sum(dim=-1, keepdim=True) / len(columns)
    return (rows - strength * others).index_add(-1, columns, gained.expand(*gained.shape[:-1], len(columns)))
