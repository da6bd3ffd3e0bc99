"""Train the project's own model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vtviz.cli.common import app
from vtviz.inputs import InputError


@app.command()
def train(
    data: Annotated[Path, typer.Option(help="Folder with train.jsonl, dev.jsonl and images/.")],
    output: Annotated[Path, typer.Option(help="Folder for the weights, the checkpoint and the history.")],
    cache: Annotated[Path, typer.Option(help="Folder for cached features (9 GB for 6,000 photos).")],
    names: Annotated[Path | None, typer.Option(help="Folder of photos of named things, with classes.jsonl.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Of the first stage: fusion, match, search.")] = 1200,
    head_steps: Annotated[int, typer.Option(min=1, help="Of the second stage: captions, answers.")] = 2200,
    minutes: Annotated[float | None, typer.Option(help="End the schedule after this time at the latest.")] = None,
    batch: Annotated[int, typer.Option(help="Captions a step.", min=2)] = 76,
    seed: int = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in OUTPUT.")] = False,
) -> None:
    """Train vtviz-base. Needs the packages of requirements-train.txt."""
    try:
        from vtviz.training.vtviz_base.train import TrainConfig
        from vtviz.training.vtviz_base.train import train as run

        config = TrainConfig(
            data,
            names,
            cache,
            output,
            steps=steps,
            head_steps=head_steps,
            minutes=minutes,
            batch=batch,
            seed=seed,
            resume=resume,
        )
        figures = run(config)
    except ModuleNotFoundError as error:
        raise InputError(f"Training needs {error.name}; install requirements-train.txt first.") from error
    except FileNotFoundError as error:
        raise InputError(f"The training data lacks {error.filename}.") from error
    typer.echo(json.dumps(figures, indent=2))
