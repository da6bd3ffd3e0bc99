"""Folders of models whose files are damaged, or do not belong together."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import open_clip
import torch
from safetensors.torch import save_file

from tests.conftest import SIZES
from tests.reliability.fuzz.running import Read, changed, mutated
from vtviz.models.recurrent.network import NetworkConfig as Sizes
from vtviz.models.recurrent.network import RecurrentNetwork
from vtviz.models.recurrent.vocabulary import Words
from vtviz.models.recurrent.weights import save_model
from vtviz.models.registry import load_model
from vtviz.models.vtviz_base.family import FOLDER
from vtviz.models.vtviz_base.network import FusionNetwork
from vtviz.models.vtviz_base.weights import save_weights

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
VISION = {"image_size": 32, "layers": 1, "width": 16, "head_width": 8, "patch_size": 8}
PREPROCESS = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic"}


def cases(rng: random.Random) -> Iterator[Read]:
    """Loads of models, of which one file is damaged."""
    root = Path(tempfile.mkdtemp(prefix="vtviz-fuzz-"))
    base, clip, recurrent = _base(root / "base"), _clip(root / "clip"), _recurrent(root / "recurrent")
    yield partial(load_model, base)
    while True:
        name = rng.choice((base, base, clip, recurrent))
        file = rng.choice([file for file in sorted(Path(name.partition("@")[2]).iterdir()) if file.is_file()])
        whole = file.read_bytes()
        if file.suffix == ".json" and len(whole) < 100_000 and rng.random() < 0.7:
            damaged = json.dumps(changed(json.loads(whole), rng)).encode()
        elif rng.random() < 0.1:
            damaged = rng.choice((b"", b"{}", b"[" * 100_000, b"null", b"\x80\x04" * 50, b"PK\3\4" + whole[:99], b"3"))
        else:
            damaged = mutated(whole, rng, whole[:4096])
            if rng.random() < 0.5:  # where the header of safetensors lies
                damaged = mutated(whole[:2000], rng) + whole[2000:]
        yield partial(_load, name, file, whole, damaged)


def _load(name: str, file: Path, whole: bytes, damaged: bytes) -> object:
    file.write_bytes(damaged)
    try:
        return load_model(name).encode_texts(["a dog"])
    finally:
        file.write_bytes(whole)


def _base(folder: Path) -> str:
    """A small vtviz-base with the tokenizer of the packaged one."""
    folder.mkdir()
    torch.manual_seed(0)
    network = FusionNetwork(SIZES)
    save_weights(network.state_dict(), folder / "model.safetensors")
    described: dict[str, Any] = {"network": asdict(SIZES), "threshold": 0.5, "answers": ["no", "yes"]}
    described |= {"default_method": "raw_attention", "default_layer": 0, "answer_threshold": 0.3, "bounds": [0.2, 0.8]}
    (folder / "config.json").write_text(json.dumps(described))
    (folder / "vocabulary.json").write_text(json.dumps({"dog": 9, "cat": 3}))
    shutil.copy(FOLDER / "tokenizer.json", folder)
    return f"vtviz-base@{folder}"


def _recurrent(folder: Path) -> str:
    """A small vtviz-recurrent of a few words."""
    words = Words({"dog": 9, "cat": 3})
    torch.manual_seed(0)
    network = RecurrentNetwork(Sizes(len(words), 8, 16, 2, 64, 1))
    save_model(network, words, folder, threshold=0.5, bounds=[0.2, 0.8])
    return f"vtviz-recurrent@{folder}"


def _clip(folder: Path) -> str:
    """A small open_clip model with its configuration."""
    folder.mkdir()
    model = {"embed_dim": 8, "vision_cfg": VISION, "text_cfg": TEXT}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": model, "preprocess_cfg": PREPROCESS}))
    torch.manual_seed(0)
    network = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    save_file(network.state_dict(), folder / "open_clip_model.safetensors")
    return f"open_clip:auto@{folder}"
