"""The weights file: float16, and the word embeddings as 8-bit integers with one scale per row."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load, save
from torch import Tensor

from vtviz.files import write_atomically

TABLE = "text_tower.words.weight"
SCALE = "text_tower.words.scale"
SCALES = {TABLE: SCALE, "text_tower.words.grown": "text_tower.words.grown_scale"}


def save_weights(state: dict[str, Tensor], path: Path) -> None:
    """Writes a network's state; the word embeddings take half of what they would in float16."""
    packed = {
        name: tensor.half().contiguous() if tensor.is_floating_point() else tensor for name, tensor in state.items()
    }
    for table, scale_name in SCALES.items():
        if table in state:
            rows = state[table].float()
            scale = rows.abs().amax(dim=1, keepdim=True).clamp_min(1e-8) / 127
            packed[table], packed[scale_name] = (rows / scale).round().to(torch.int8), scale.half()
    write_atomically(path, save(packed, metadata={"format": "pt"}))


def load_weights(data: bytes) -> dict[str, Tensor]:
    """The state held by a weights file, as float32."""
    packed = load(data)
    state = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in packed.items()}
    for table, scale_name in SCALES.items():
        if scale_name in state:
            state[table] = state[table].float() * state.pop(scale_name)
    return state


def part_of_weights(path: Path, part: str) -> tuple[dict[str, Tensor], str]:
    """The tensors of a weights file whose names begin with ``part``, without it, as float32; and the SHA-256 of what
    the file has of them."""
    state, sha256 = {}, hashlib.sha256()
    with safe_open(path, "pt") as file:
        for name in sorted(name for name in file.keys() if name.startswith(part)):  # noqa: SIM118 - no mapping
            tensor = file.get_tensor(name)
            sha256.update(name.encode() + tensor.contiguous().numpy().tobytes())
            state[name.removeprefix(part)] = tensor.float() if tensor.is_floating_point() else tensor
    return state, sha256.hexdigest()
