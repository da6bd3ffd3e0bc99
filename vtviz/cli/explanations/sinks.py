"""What ``explain --sinks`` says."""

from __future__ import annotations

from typing import Any

import typer


def tell_sinks(found: dict[str, Any]) -> None:
    """Says where the sinks are, and what a register changes."""
    places = ", ".join(f"{row + 1}/{column + 1}" for row, column in found["patches"])
    if not places:
        typer.echo("No patch is a sink.")
        return
    typer.echo(f"Sinks (row/column): {places}; {found['attention']:.0%} of the attention of later layers goes there.")
    for model, figures in found["sides"].items():
        shown = ", ".join(f"{name} {value:.3f}" for name, value in figures.items() if value is not None)
        typer.echo(f"{model}: {shown}")
