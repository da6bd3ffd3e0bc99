"""A trained network as a model folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from vtviz.files import write_atomically
from vtviz.models.vtviz_base.network import FusionNetwork
from vtviz.models.vtviz_base.weights import save_weights


def export(network: FusionNetwork, tokenizer: Tokenizer, folder: Path, **config: Any) -> None:
    """Writes ``model.safetensors``, ``tokenizer.json`` and ``config.json`` with ``config``; not calibrated yet."""
    save_weights(network.state_dict(), folder / "model.safetensors")
    write_atomically(folder / "tokenizer.json", tokenizer.to_str(pretty=True).encode())
    write_config(folder, {"network": asdict(network.config), "threshold": 0.5, **config})


def write_config(folder: Path, config: dict[str, Any]) -> None:
    """Writes the ``config.json`` of a model folder."""
    write_atomically(folder / "config.json", (json.dumps(config, indent=2) + "\n").encode())
