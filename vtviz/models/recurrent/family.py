"""vtviz-recurrent by name: the shipped model, and models of your own training."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError

from vtviz.files import from_home
from vtviz.models.base import ModelError, ModelInfo
from vtviz.models.folders import need_files
from vtviz.models.recurrent.model import ABILITIES, NAME, VtvizRecurrent
from vtviz.models.recurrent.network import NetworkConfig, RecurrentNetwork
from vtviz.models.recurrent.vocabulary import Words
from vtviz.models.recurrent.weights import BACKBONE, FILES, load_backbone, load_state
from vtviz.paths import ASSETS

FOLDER = ASSETS / "models" / NAME
SHIPPED = ModelInfo(
    NAME,
    "vtviz recurrent",
    "The textbook's network: two LSTMs and cross-attention from words to 10 × 10 patches; English; small.",
    "non-commercial research and education",
    True,
    ABILITIES,
)


def infos() -> list[ModelInfo]:
    """The shipped model, where it is there."""
    return [SHIPPED] if all((FOLDER / name).is_file() for name in FILES) and BACKBONE.is_file() else []


def info(name: str) -> ModelInfo | None:
    """What is known of the shipped model, or of one of your own training as ``vtviz-recurrent@FOLDER``."""
    family, _, folder = name.partition("@")
    if family != NAME:
        return None
    if folder:
        need_files(from_home(folder), FILES)
    return replace(SHIPPED, name=name, label=name, licence="") if folder else SHIPPED


def load(name: str, device: torch.device) -> VtvizRecurrent | None:
    """The shipped model by its name, or one of your own training as ``vtviz-recurrent@FOLDER``."""
    family, _, folder = name.partition("@")
    return load_folder(from_home(folder) if folder else FOLDER, device) if family == NAME else None


def load_folder(folder: Path, device: torch.device | None = None) -> VtvizRecurrent:
    """The model in a folder with ``model.safetensors``, ``config.json`` and ``vocabulary.json``.

    Raises:
        ModelError: if a file is missing or does not fit.
    """
    need_files(folder, FILES)
    if not BACKBONE.is_file():
        raise ModelError("The model {model} needs the image features of vtviz-base; install it too.", model=NAME)
    weights = (folder / "model.safetensors").read_bytes()
    try:
        described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        network = RecurrentNetwork(NetworkConfig(**described.pop("network")))
        backbone = load_backbone(network)
        rest = network.load_state_dict(load_state(weights), strict=False)
        words = Words(json.loads((folder / "vocabulary.json").read_text(encoding="utf-8")))
        if rest.unexpected_keys or not all(name.startswith("backbone.") for name in rest.missing_keys):
            raise ValueError("the weights are of another network")
        if len(words) != network.config.words or described.pop("backbone_sha256", backbone) != backbone:
            raise ValueError("the vocabulary or the image features are of another network")
        network.to(device or torch.device("cpu"))
        return VtvizRecurrent(network, words, hashlib.sha256(weights).hexdigest(), **described)
    except (SafetensorError, RuntimeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ModelError(
            "The files in the model folder {folder} are damaged or do not belong together; copy them again.",
            folder=folder.name,
        ) from error
