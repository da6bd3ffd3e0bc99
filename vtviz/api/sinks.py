"""Sink patches of an explanation's photo, and the model with a register in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.sinks import Ask, FindSinks, before_and_after
from vtviz.inputs import InputError
from vtviz.models.base import ModelError


def compare_sinks(explanation: Explanation, ask: Ask, tell: Callable[[str], None]) -> dict[str, Any]:
    """The sinks of an explanation's photo, and where there are any, the figures with and without a register.

    ``tell`` hears where there is nothing to repair.

    Raises:
        InputError: if the model has no image tower that can be read so.
    """
    sinks = ask(FindSinks(explanation.image, explanation.model, explanation.asked_device))
    if sinks is None:
        raise InputError("Sink patches can be found in CLIP's image encoders alone; choose such a model.")
    both = None
    try:
        both = before_and_after(explanation, ask) if sinks.count else None
    except ModelError as error:
        tell(str(error))
    return {
        "patches": [list(place) for place in sinks.places],
        "attention": sinks.share,
        "sides": {} if both is None else {side.model: side.figures for side in both},
    }
