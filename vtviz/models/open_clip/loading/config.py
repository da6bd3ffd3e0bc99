"""What ``open_clip_config.json`` may say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vtviz.files import is_number
from vtviz.models.base import ModelError

FILE = "open_clip_config.json"
PARTS = ("vision_cfg", "text_cfg")
INTERPOLATIONS = ("bicubic", "bilinear", "nearest", "random")
NUMBERS_A_BYTE = 4  # of a file; more than any weights have, however few bits each takes


def check_described(described: dict[str, Any], folder: str) -> None:
    """Refuses a configuration whose parts are something else than open_clip writes.

    Raises:
        ModelError: naming the part.
    """
    model, preprocess = described["model_cfg"], described.get("preprocess_cfg", {})
    good = {
        "model_cfg": isinstance(model, dict) and is_number(model.get("embed_dim")),
        "preprocess_cfg": isinstance(preprocess, dict) and _is_preprocess(preprocess),
        **{part: isinstance(model, dict) and isinstance(model.get(part), dict) for part in PARTS},
    }
    wrong = next((part for part, is_good in good.items() if not is_good), None)
    if wrong is not None:
        raise ModelError(
            "The part {part} of {file} in {folder} is not valid; correct it.", part=wrong, file=FILE, folder=folder
        )


def _is_preprocess(values: dict[str, Any]) -> bool:
    colours = [values[name] for name in ("mean", "std") if values.get(name) is not None]
    fine = all(isinstance(item, list) and len(item) == 3 and all(map(is_number, item)) for item in colours)
    return (
        fine and all(values.get("std") or [1]) and values.get("interpolation", "bicubic") in (*INTERPOLATIONS, None, "")
    )


def check_size(config: dict[str, Any], weights: Path) -> None:
    """Refuses a configuration that asks for far more numbers than its file of weights can hold, before memory is taken.

    Raises:
        ModelError: if it does.
    """
    vision, text = (config.get(part) or {} for part in PARTS)
    products = (
        (text.get("vocab_size"), text.get("width")),
        (text.get("context_length"), text.get("width")),
        *((part.get("layers"), part.get("width"), part.get("width")) for part in (vision, text)),
        (config.get("embed_dim"), text.get("width")),
        (config.get("embed_dim"), vision.get("width")),
        (vision.get("patch_size"), vision.get("width")),
    )
    most = weights.stat().st_size * NUMBERS_A_BYTE
    for factors in products:
        count = 1
        for factor in factors:
            count *= int(factor) if factor is not None and is_number(factor) else 1
        if count > most:
            raise ModelError("The file {file} is too small for the architecture; choose another.", file=weights.name)
