"""Writes a trained network as a model folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from vtviz.models.vtviz_base.network import FusionNetwork
from vtviz.models.vtviz_base.weights import save_weights


def export(network: FusionNetwork, tokenizer: Tokenizer, folder: Path, **described: Any) -> None:
    """Writes ``model.safetensors``, ``config.json`` and ``tokenizer.json``; not calibrated yet."""
    save_weights(network.state_dict(), folder / "model.safetensors")
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"network": asdict(network.config), "threshold": 0.5, **described}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
