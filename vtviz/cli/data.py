"""Compose the built-in data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vtviz.cli.common import app, bars, path_option

data = typer.Typer(help="Data sets that vtviz makes itself.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data, name="data")


@data.callback()
def made_data() -> None:
    """Data sets that vtviz makes itself."""


@data.command()
def scenes(
    output: Annotated[Path, path_option("Folder for train.jsonl, dev.jsonl, test.jsonl and images/.")],
    photos: Annotated[int, typer.Option(min=10, help="Photos in all: 80% train, 10% dev, 10% test.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Random seed; the same seed gives the same photos.")] = 0,
) -> None:
    """Compose photos of coloured shapes, with captions, false captions and boxes."""
    from vtviz.scenes.compose import write_scenes

    with bars() as watch:
        counts = write_scenes(output, photos, seed, watch)
    typer.echo(", ".join(f"{name}: {count} photos" for name, count in counts.items()) + f". {output}")
