"""What the settings of a training may be, said before any work."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from vtviz.inputs import InputError

NUMBERS = ("epochs", "minutes", "rate", "head_rate", "grounding_rate")
COUNTS = (
    *("steps", "head_steps", "grounding_steps", "batch", "head_batch", "grounding_batch", "captions", "width"),
    *("image_size", "pool", "check_every", "patience"),
)
MOST = 10**6
SEEDS = 2**63  # what PyTorch takes


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuses numbers that no training can go by; what is None or not there stands for a default.

    Raises:
        InputError: for the first such setting.
    """
    for name in (*NUMBERS, *COUNTS):
        value = settings.get(name)
        least = 1 if name in COUNTS else 0
        if value is not None and not (least <= value <= MOST and value > 0 and math.isfinite(value)):
            raise InputError(
                "The setting {setting} must be a number above 0, at most {most}, not {value}.",
                setting=name,
                most=MOST,
                value=str(value),
            )
    if not 0 <= settings["seed"] < SEEDS:
        raise InputError("The seed must be from 0 to {most}, not {value}.", most=SEEDS - 1, value=str(settings["seed"]))
