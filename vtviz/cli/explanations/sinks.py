"""What ``explain --sinks`` adds: sink patches, and the model with a register in their place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.sinks import Ask, FindSinks, before_and_after
from vtviz.files import write_atomically
from vtviz.inputs import InputError
from vtviz.models.base import ModelError


def compare_sinks(explanation: Explanation, ask: Ask) -> dict[str, Any]:
    """The sinks of an explanation's photo, and where there are any, the figures with and without a register.

    Where there is nothing to repair, a person is told.

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
        typer.echo(str(error), err=True)
    return {
        "patches": [list(place) for place in sinks.places],
        "attention": sinks.share,
        "sides": {} if both is None else {side.model: side.figures for side in both},
    }


def tell_sinks(found: dict[str, Any], file: Path) -> None:
    """Writes what was found to a file, and says it."""
    write_atomically(file, json.dumps(found, indent=1).encode())
    places = ", ".join(f"{row + 1}/{column + 1}" for row, column in found["patches"])
    if not places:
        typer.echo("No patch is a sink.")
        return
    typer.echo(f"Sinks (row/column): {places}; {found['attention']:.0%} of the attention of later layers goes there.")
    for model, figures in found["sides"].items():
        shown = ", ".join(f"{name} {value:.3f}" for name, value in figures.items() if value is not None)
        typer.echo(f"{model}: {shown}")
