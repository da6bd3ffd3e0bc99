"""The weights file: float16, and the word embeddings as 8-bit integers with one scale per row."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load, save
from torch import Tensor

from vtviz.files import write_atomically

TABLE = "text_tower.words.weight"
SCALE = "text_tower.words.scale"


def save_weights(state: dict[str, Tensor], path: Path) -> None:
    """Writes a network's state; the word embeddings take half of what they would in float16."""
    packed = {
        name: tensor.half().contiguous() if tensor.is_floating_point() else tensor for name, tensor in state.items()
    }
    table = state[TABLE].float()
    scale = table.abs().amax(dim=1, keepdim=True).clamp_min(1e-8) / 127
    packed[TABLE], packed[SCALE] = (table / scale).round().to(torch.int8), scale.half()
    write_atomically(path, save(packed, metadata={"format": "pt", "model": "vtviz-base"}))


def load_weights(data: bytes) -> dict[str, Tensor]:
    """The state held by a weights file, as float32."""
    packed = load(data)
    state = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in packed.items()}
    if SCALE in state:
        state[TABLE] = state[TABLE].float() * state.pop(SCALE)
    return state
