"""What ``config.json``, ``vocabulary.json`` and the tokenizer of a model folder may say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from vtviz.files import is_number, is_text
from vtviz.models.vtviz_base.captions import STARTS
from vtviz.models.vtviz_base.network import FusionNetwork

LAYERS = 64  # of each kind; more would only take memory
SIZES = {
    **{"image_size": (32, 2048), "width": (8, 4096), "heads": (1, 64)},
    **dict.fromkeys(("text_layers", "fusion_blocks", "joint_layers", "caption_layers", "answer_layers"), (0, LAYERS)),
    **dict.fromkeys(("caption_pieces", "answers", "grown_pieces"), (0, 2**17)),
}


def check_config(described: Any) -> dict[str, Any]:
    """The settings of a model as ``VtvizBase`` takes them, and ``network`` as ``NetworkConfig`` does.

    Raises:
        ValueError: if one is of the wrong kind or size.
    """
    if not isinstance(described, dict) or not isinstance(described.get("network"), dict):
        raise ValueError("a model is described by an object with `network`")
    for name, size in described["network"].items():
        least, most = SIZES[name]
        if not _is_whole(size) or not least <= size <= most:
            raise ValueError(f"`{name}` cannot be {size}")
    for name, value in described.items():
        if name != "network" and not KINDS[name](value):
            raise ValueError(f"`{name}` cannot be {str(value)[:80]}")
    if len(described.get("answers", ())) != described["network"].get("answers", 0):
        raise ValueError("`answers` are more or fewer than the network gives")
    return {**described}


def check_counts(counts: Any) -> dict[str, int]:
    """How often words occurred. Raises ValueError where that is something else."""
    if not isinstance(counts, dict) or not all(_is_whole(value) for value in counts.values()):
        raise ValueError("a vocabulary is an object of words and numbers")
    return counts


def check_ids(ids: Tensor, network: FusionNetwork) -> None:
    """Whether a tokenizer numbers pieces as the network does. Raises ValueError where it does not."""
    words = network.text_tower.words
    known = words.num_embeddings + (0 if words.grown is None else len(words.grown))
    if int(ids.max()) >= known or ids.shape[1] > network.text_tower.positions.num_embeddings:
        raise ValueError("the tokenizer has pieces that the network lacks")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are(is_one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(is_one(item) for item in value)


def _is_share(value: Any) -> bool:
    return is_number(value) and 0 <= value <= 1


KINDS: dict[str, Callable[[Any], bool]] = {  # what the settings beside ``network`` may be
    **dict.fromkeys(("threshold", "answer_threshold"), _is_share),
    "default_method": is_text,
    "default_layer": lambda value: _is_whole(value) and 0 <= value < LAYERS,
    "answers": _are(is_text),
    "caption_languages": _are(lambda item: item in STARTS),
    "bounds": lambda value: value is None or (_are(_is_share)(value) and len(value) == 2),
}
