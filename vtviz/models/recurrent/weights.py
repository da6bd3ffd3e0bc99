"""The files of a recurrent network: float16 weights without the backbone, which is read from those of vtviz-base."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import load, save
from torch import Tensor

from vtviz.files import write_atomically
from vtviz.models.recurrent.network import RecurrentNetwork
from vtviz.models.recurrent.vocabulary import Words
from vtviz.models.vtviz_base.weights import part_of_weights
from vtviz.paths import ASSETS

BACKBONE = ASSETS / "models" / "vtviz-base" / "model.safetensors"
PART = "backbone."  # what the names of the backbone's tensors begin with
FILES = ("model.safetensors", "config.json", "vocabulary.json")


def save_model(network: RecurrentNetwork, words: Words, folder: Path, **config: Any) -> None:
    """Writes a model folder: ``model.safetensors``, ``vocabulary.json`` and ``config.json`` with ``config``."""
    state = {
        name: tensor.half().contiguous() if tensor.is_floating_point() else tensor
        for name, tensor in network.state_dict().items()
        if not name.startswith(PART)
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / FILES[0], save(state, metadata={"format": "pt"}))
    write_atomically(folder / FILES[2], (json.dumps(words.counts, ensure_ascii=False) + "\n").encode())
    described = {"network": asdict(network.config), **config}
    write_atomically(folder / FILES[1], (json.dumps(described, indent=2) + "\n").encode())


def load_state(data: bytes) -> dict[str, Tensor]:
    """The state held by a weights file, as float32, without the backbone."""
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in load(data).items()}


def load_backbone(network: RecurrentNetwork) -> str:
    """Gives a network vtviz-base's image features; returns the SHA-256 of their weights.

    Raises:
        FileNotFoundError: if vtviz-base is not there.
    """
    state, sha256 = part_of_weights(BACKBONE, PART)
    network.backbone.load_state_dict(state)
    network.backbone.eval().requires_grad_(False)
    return sha256
