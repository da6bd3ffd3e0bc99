"""What can be said of a model before its weights are here, from its configuration and the names of its files."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from vtviz.models.base import ModelError
from vtviz.models.hugging_face.abilities import ARCHITECTURES, architecture_of
from vtviz.models.hugging_face.loading.faults import lacks, no_weights, pickle_only, unsupported

PREPROCESSOR = ("preprocessor_config.json", "processor_config.json")
TOKENIZER = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "tokenizer.model", "sentencepiece.bpe.model")
SIZES = {"image_size", "patch_size", "num_hidden_layers", "hidden_size", "num_attention_heads"}
PICKLES = (".bin", ".pt", ".pth", ".ckpt")


def need_readable(shown: str, config: dict[str, Any]) -> str:
    """The architecture that a configuration names. Raises ModelError where vtviz cannot read it."""
    architecture = architecture_of(config)
    if not config.get("architectures") and "auto_map" not in config:
        raise ModelError(
            "The file config.json in {folder} names no architecture; add its class of transformers as "
            '"architectures": ["NAME"].',
            folder=shown,
        )
    if architecture not in ARCHITECTURES:
        raise unsupported(shown, architecture, config)
    if kind := quantized(config):
        raise ModelError(
            "The weights of {name} are quantised ({kind}), which vtviz does not support; choose the original model, "
            "with ?dtype=bfloat16 if memory is short.",
            name=shown,
            kind=kind,
        )
    _need_sizes(shown, config)
    tower = _without_grid(config)
    if tower:
        raise ModelError(
            "The image encoder {tower} of {name} does not give the language model a square grid of patches, which "
            "vtviz needs; choose another model.",
            tower=tower,
            name=shown,
        )
    return architecture


def _need_sizes(shown: str, config: dict[str, Any]) -> None:
    """Raises ModelError for a number of layers or pixels that is none."""
    parts = [config, *(config.get(part) for part in ("text_config", "vision_config"))]
    for part in (part for part in parts if isinstance(part, dict)):
        for key in SIZES & part.keys():
            value = part[key]
            for number in value if isinstance(value, list) and value else [value]:
                if number is not None and not isinstance(number, dict) and not (isinstance(number, int) and number > 0):
                    raise ModelError(
                        "The file config.json in {folder} has {value} as {key}, which must be a whole number above 0; "
                        "correct it.",
                        folder=shown,
                        value=str(value),
                        key=key,
                    )


def _without_grid(config: dict[str, Any]) -> str:
    """The image encoder of a model whose photo is no square of patches in the language model, "" for any other."""
    vision = config.get("vision_config")
    if not isinstance(vision, dict):
        return ""
    tower, sides = str(vision.get("model_type", "")), vision.get("image_size")
    if isinstance(sides, list) and len(set(map(str, sides))) > 1:
        return tower
    drops_first = config.get("vision_feature_select_strategy", "default") == "default"
    fits = config.get("model_type") != "llava" or not (tower == "pixtral" or ("siglip" in tower and drops_first))
    return "" if fits else tower


def quantized(config: dict[str, Any]) -> str:
    """How the weights of a model are packed, "" where they are not."""
    about = config.get("quantization_config") or config.get("compression_config")
    if not about:
        return ""
    return str(about.get("quant_method") or "?") if isinstance(about, dict) else "?"


def lacking(names: Collection[str]) -> str:
    """Which file a model lacks that has files of these names beside its weights, "" where it has what it needs."""
    return next((kinds[0] for kinds in (PREPROCESSOR, TOKENIZER) if not any(kind in names for kind in kinds)), "")


def need_files(shown: str, names: Collection[str]) -> None:
    """Raises ModelError where a model with files of these names cannot be loaded for lack of another."""
    if not any(name.endswith(".safetensors") for name in names):
        if any(name.endswith(PICKLES) for name in names):
            raise pickle_only(shown)
        raise no_weights(shown)
    if missing := lacking(names):
        raise lacks(shown, missing)
