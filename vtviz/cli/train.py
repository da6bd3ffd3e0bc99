"""Train the project's own model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vtviz.cli.common import Device, app, bars, path_option
from vtviz.inputs import InputError


@app.command()
def train(
    data: Annotated[Path, path_option("Folder with train.jsonl, dev.jsonl and images/.")],
    output: Annotated[Path, path_option("Folder for the weights, the checkpoint and the history.")],
    cache: Annotated[Path, path_option("Folder for cached features (11 GB for 6,000 photos).")],
    data_zh: Annotated[
        Path | None, path_option("Folder with train.jsonl and dev.jsonl of Chinese sentences for the photos of DATA.")
    ] = None,
    names: Annotated[Path | None, path_option("Folder with photos of named things and classes.jsonl.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Steps of the first stage: fusion, match, search.")] = 1800,
    head_steps: Annotated[int, typer.Option(min=1, help="Steps of the second stage: captions, answers.")] = 1000,
    minutes: Annotated[float | None, typer.Option(help="Time limit in minutes.")] = None,
    batch: Annotated[int, typer.Option(help="Captions per step.", min=2)] = 72,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    device: Device = "cpu",
    resume: Annotated[bool, typer.Option("--resume", help="Resume from the checkpoint in OUTPUT.")] = False,
) -> None:
    """Train vtviz-base. Needs the packages of requirements-train.txt."""
    from vtviz.machine import choose_device

    try:
        from vtviz.training.vtviz_base.train import TrainConfig
        from vtviz.training.vtviz_base.train import train as run

        config = TrainConfig(
            data,
            data_zh,
            names,
            cache,
            output,
            steps=steps,
            head_steps=head_steps,
            minutes=minutes,
            batch=batch,
            seed=seed,
            resume=resume,
            device=str(choose_device(device)),
        )
        with bars() as watch:
            figures = run(config, watch)
    except ModuleNotFoundError as error:
        raise InputError(
            "Training needs {package}; install requirements-train.txt first.", package=error.name
        ) from error
    except FileNotFoundError as error:
        raise InputError("The training data lacks {file}.", file=error.filename) from error
    typer.echo(json.dumps(figures, indent=2))
