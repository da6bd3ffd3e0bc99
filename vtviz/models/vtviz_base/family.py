"""vtviz-base by name: the shipped model, and models of your own training."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer

from vtviz.chinese import Language
from vtviz.files import from_home
from vtviz.models.base import ModelError, ModelInfo
from vtviz.models.vtviz_base.abilities import abilities
from vtviz.models.vtviz_base.model import NAME, VtvizBase
from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig
from vtviz.models.vtviz_base.vocabulary import Vocabulary, spelling
from vtviz.models.vtviz_base.weights import load_weights
from vtviz.paths import ASSETS

FOLDER = ASSETS / "models" / NAME
FILES = ("model.safetensors", "config.json", "tokenizer.json", "vocabulary.json")


def infos() -> list[ModelInfo]:
    """The shipped model."""
    available = all((FOLDER / name).is_file() for name in FILES)
    languages = _languages() if available else ("en",)
    reads = "English and Chinese" if "zh" in languages else "English"
    about = f"Cross-attention both ways over 20 × 20 patches of the whole frame; {reads}; runs on a CPU."
    able, licence = abilities(captions=True, answers=True), "non-commercial research and education"
    return [ModelInfo(NAME, "vtviz base", about, licence, available, able, languages=languages)]


@cache
def _languages() -> tuple[Language, ...]:
    described = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    return tuple(described.get("caption_languages", ("en",)))


def info(name: str) -> ModelInfo | None:
    """What is known of the shipped model, or of one of your own training as ``vtviz-base@FOLDER``."""
    family, _, folder = name.partition("@")
    if family != NAME:
        return None
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
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise ModelError(
            "The model folder {folder} lacks {files}; train the model, or copy it into this folder.",
            folder=folder.name,
            files=", ".join(missing),
        )
    weights = (folder / "model.safetensors").read_bytes()
    try:
        described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        network = FusionNetwork(NetworkConfig(**described.pop("network")))
        network.load_state_dict(load_weights(weights))
        tokenizer = _tokenizer(folder / "tokenizer.json")
        counts = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        vocabulary = Vocabulary(counts, spelling(tokenizer))
        network.to(device or torch.device("cpu"))
        return VtvizBase(network, tokenizer, hashlib.sha256(weights).hexdigest(), vocabulary, **described)
    except (SafetensorError, RuntimeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ModelError(
            "The files in the model folder {folder} are damaged or do not belong together; copy them again.",
            folder=folder.name,
        ) from error


def _tokenizer(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no class of its own
        raise ValueError(str(error)) from error
