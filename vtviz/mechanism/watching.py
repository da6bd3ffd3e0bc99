"""What is seen at the ends of a unit: tensors, and in them the tokens of the text and the patches of the photo."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

from torch import Tensor, nn

from vtviz.models.record import Kind

SPECIAL = 2  # tokens that a tower may add to a sequence or leave out


@dataclass
class Seen:
    """The tensors that enter and leave a unit, and those at the ends of the row of layers ``inner``."""

    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    inner: list[list[Tensor]] = field(default_factory=lambda: [[], []])


def seen_in(value: Any) -> list[Tensor]:
    """The tensors in what a module takes or gives, but for masks."""
    return [tensor.detach() for tensor in _tensors(value) if str(tensor.dtype) != "torch.bool"]


def lane_of(
    kinds: Collection[Kind], seen: Seen, text: int, patches: int
) -> Literal["image", "text", "fusion", "joined", "output"]:
    """Where in the plan a unit belongs: by what attends to what in it, or else by the lengths of what leaves it."""
    if "fused" in kinds:
        return "joined"
    if {"text→image", "image→text"} & set(kinds):
        return "fusion"
    if "image" in kinds:
        return "image"
    if "text" in kinds:
        return "text"
    values = [value for value in (*seen.outputs, *seen.inputs) if value.ndim >= 2]
    for value in values:
        if value.ndim == 4:
            return "image"
        if value.ndim == 3 and value.shape[1] >= text + patches:
            return "joined"
        if value.ndim == 3 and value.shape[1] in range(patches, patches + SPECIAL + 1):
            return "image"
        if value.ndim == 3 and abs(value.shape[1] - text) <= SPECIAL:
            return "text"
    return "output"


def rows_of(seen: Seen, text: int, patches: int) -> tuple[Tensor | None, Tensor | None]:
    """The vectors of the text's tokens before and after a unit, ``[text, width]`` each; None where they do not pass."""
    after = _rows(seen.outputs, text, patches)
    if after is None:
        after = _rows(seen.inner[1], text, patches)
    before = _rows(seen.inputs, text, patches)
    if before is None or (after is not None and before.shape != after.shape):
        before = _rows(seen.inner[0], text, patches)
    return before, after


def gates_in(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The gates of a network by the name of the part that they belong to."""
    for name, part in network.named_modules():
        gate = getattr(part, "gate", None)
        if isinstance(gate, nn.Module) and isinstance(getattr(part, "attention", None), nn.Module):
            yield name, gate


def _rows(values: list[Tensor], text: int, patches: int) -> Tensor | None:
    for value in values:
        if value.ndim == 3 and value.is_floating_point():
            sequence = value[:, 0] if value.shape[1] == 1 and value.shape[0] > 1 else value[0]
            if len(sequence) in range(text, text + SPECIAL) or len(sequence) == text + patches:
                return sequence[:text].float()
    return None


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            yield from _tensors(getattr(value, part.name))
