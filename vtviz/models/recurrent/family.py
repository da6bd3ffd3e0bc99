"""vtviz-recurrent by name: the shipped model, and models of your own training."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from vtviz.files import JSON_BYTES, from_home, is_number, is_text, parse_json, read_bytes
from vtviz.machine import is_out_of_memory
from vtviz.models.base import ModelError, ModelInfo
from vtviz.models.finite import need_finite
from vtviz.models.folders import need_files
from vtviz.models.recurrent.model import ABILITIES, NAME, VtvizRecurrent
from vtviz.models.recurrent.network import NetworkConfig, RecurrentNetwork
from vtviz.models.recurrent.vocabulary import Words
from vtviz.models.recurrent.weights import BACKBONE, FILES, load_backbone, load_state
from vtviz.paths import ASSETS

WEIGHTS_BYTES = 2**30
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
    try:
        weights = read_bytes(folder / "model.safetensors", WEIGHTS_BYTES)
        described = _checked(_json(folder / "config.json"))
        network = RecurrentNetwork(NetworkConfig(**described.pop("network")))
        backbone = load_backbone(network)
        rest = network.load_state_dict(load_state(weights), strict=False)
        words = Words(_counts(_json(folder / "vocabulary.json")))
        if rest.unexpected_keys or not all(name.startswith("backbone.") for name in rest.missing_keys):
            raise ValueError("the weights are of another network")
        if len(words) != network.config.words or described.pop("backbone_sha256", backbone) != backbone:
            raise ValueError("the vocabulary or the image features are of another network")
        need_finite(network)
        network.to(device or torch.device("cpu"))
        return VtvizRecurrent(network, words, hashlib.sha256(weights).hexdigest(), **described)
    except Exception as error:  # the libraries raise whatever they like where a file is damaged
        if is_out_of_memory(error):
            raise MemoryError from error
        raise ModelError(
            "The files in the model folder {folder} are damaged or do not belong together; copy them again.",
            folder=folder.name,
        ) from error


def _json(path: Path) -> Any:
    return parse_json(read_bytes(path, JSON_BYTES).decode())


def _checked(described: Any) -> dict[str, Any]:
    """The settings of a model, each of the right kind. Raises ValueError where one is not."""
    sizes, kept = described["network"].items(), described.items()
    wrong = [name for name, size in sizes if not is_number(size) or not 0 <= size <= MOST[name]]
    wrong += [name for name, value in kept if name != "network" and not KINDS[name](value)]
    if wrong:
        raise ValueError(f"odd settings: {', '.join(wrong)}")
    return {**described}


def _counts(counts: Any) -> dict[str, int]:
    if not isinstance(counts, dict) or not all(is_number(count) for count in counts.values()):
        raise ValueError("a vocabulary is an object of words and numbers")
    return counts


def _is_share(value: Any) -> bool:
    return value is None or (is_number(value) and 0 <= value <= 1)


MOST = {"words": 2**17, "image_size": 2048, "pool": 64, "heads": 64, "dropout": 1}  # of the network's sizes
MOST |= dict.fromkeys(("word_width", "width"), 4096)
KINDS = {  # what the settings beside ``network`` may be
    "threshold": _is_share,
    "bounds": lambda value: (
        value is None or (isinstance(value, list) and len(value) == 2 and all(map(_is_share, value)))
    ),
    "backbone_sha256": is_text,
    "default_method": is_text,
    "default_layer": lambda value: value == 0,
}
