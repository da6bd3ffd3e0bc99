"""vtviz-base by name: the shipped model, and models of your own training."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from vtviz.chinese import Language
from vtviz.files import JSON_BYTES, from_home, parse_json, read_bytes
from vtviz.machine import is_out_of_memory
from vtviz.models.base import ModelError, ModelInfo
from vtviz.models.finite import need_finite
from vtviz.models.folders import need_files
from vtviz.models.vtviz_base.abilities import abilities
from vtviz.models.vtviz_base.config import check_config, check_counts, check_ids
from vtviz.models.vtviz_base.model import NAME, VtvizBase
from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig
from vtviz.models.vtviz_base.vocabulary import Vocabulary, spelling
from vtviz.models.vtviz_base.weights import load_weights
from vtviz.paths import ASSETS

FOLDER = ASSETS / "models" / NAME
WEIGHTS_BYTES = 2**30
PROBE = "a dog"
FILES = ("model.safetensors", "config.json", "tokenizer.json", "vocabulary.json")


def infos() -> list[ModelInfo]:
    """The shipped model."""
    available = all((FOLDER / name).is_file() for name in FILES)
    languages = _languages() if available else ("en",)
    about = "Cross-attention both ways over 20 × 20 patches of the photo, in English; runs on a CPU."
    if "zh" in languages:
        about = "Cross-attention both ways over 20 × 20 patches of the photo, in English and Chinese; runs on a CPU."
    able, licence = abilities(captions=True, answers=True), "non-commercial research and education"
    return [ModelInfo(NAME, "vtviz base", about, licence, available, able, languages=languages)]


@cache
def _languages() -> tuple[Language, ...]:
    return tuple(_json(FOLDER / "config.json").get("caption_languages", ("en",)))


def info(name: str) -> ModelInfo | None:
    """What is known of the shipped model, or of one of your own training as ``vtviz-base@FOLDER``."""
    family, _, folder = name.partition("@")
    if family != NAME:
        return None
    if folder:
        need_files(from_home(folder), FILES)
    shipped = infos()[0]
    return replace(shipped, name=name, label=name, licence="", available=True) if folder else shipped


def load(name: str, device: torch.device) -> VtvizBase | None:
    """The shipped model by its name, or one of your own training as ``vtviz-base@FOLDER``."""
    family, _, folder = name.partition("@")
    return load_folder(from_home(folder) if folder else FOLDER, device) if family == NAME else None


def load_folder(folder: Path, device: torch.device | None = None) -> VtvizBase:
    """The model in a folder with ``model.safetensors``, ``config.json`` and ``tokenizer.json``.

    Raises:
        ModelError: if a file is missing or does not fit.
        MemoryError: if memory runs out.
    """
    need_files(folder, FILES)
    try:
        weights = read_bytes(folder / "model.safetensors", WEIGHTS_BYTES)
        described = check_config(_json(folder / "config.json"))
        network = FusionNetwork(NetworkConfig(**described.pop("network")))
        network.load_state_dict(load_weights(weights))
        need_finite(network)
        tokenizer = Tokenizer.from_str(read_bytes(folder / "tokenizer.json", JSON_BYTES).decode())
        vocabulary = Vocabulary(check_counts(_json(folder / "vocabulary.json")), spelling(tokenizer))
        network.to(device or torch.device("cpu"))
        model = VtvizBase(network, tokenizer, hashlib.sha256(weights).hexdigest(), vocabulary, **described)
        check_ids(model.encode_texts([PROBE]).ids, network)
        return model
    except Exception as error:  # the libraries raise whatever they like where a file is damaged
        if is_out_of_memory(error):
            raise MemoryError from error
        raise ModelError(
            "The files in the model folder {folder} are damaged or do not belong together; copy them again.",
            folder=folder.name,
        ) from error


def _json(path: Path) -> Any:
    return parse_json(read_bytes(path, JSON_BYTES).decode())
