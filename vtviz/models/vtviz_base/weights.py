"""The file of weights: float16, the table of word embeddings as 8-bit integers with a scale a row."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load, save
from torch import Tensor

from vtviz.files import write_atomically

TABLE = "text_tower.words.weight"
SCALE = "text_tower.words.scale"


def save_weights(state: dict[str, Tensor], path: Path) -> None:
    """Writes a network's state; half of what the table would take in float16 is saved."""
    packed = {name: each.half().contiguous() if each.is_floating_point() else each for name, each in state.items()}
    table = state[TABLE].float()
    scale = table.abs().amax(dim=1, keepdim=True).clamp_min(1e-8) / 127
    packed[TABLE], packed[SCALE] = (table / scale).round().to(torch.int8), scale.half()
    write_atomically(path, save(packed, metadata={"format": "pt", "model": "vtviz-base"}))


def load_weights(data: bytes) -> dict[str, Tensor]:
    """The state in the bytes of a file of weights, as float32."""
    packed = load(data)
    state = {name: each.float() if each.is_floating_point() else each for name, each in packed.items()}
    if SCALE in state:
        state[TABLE] = state[TABLE].float() * state.pop(SCALE)
    return state
