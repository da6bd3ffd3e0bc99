"""Train the project's own models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from vtviz.cli.common import app, bars, path_option
from vtviz.inputs import InputError

NETWORKS = ("vtviz-base", "recurrent")


@app.command()
def train(
    data: Annotated[
        str, typer.Option(help="Folder with train.jsonl, dev.jsonl and images/, or of your own; or `scenes`.")
    ],
    output: Annotated[Path, path_option("Folder for the weights, the checkpoint and the history.")],
    network: Annotated[str, typer.Option(help="vtviz-base or recurrent.")] = NETWORKS[0],
    cache: Annotated[
        Path | None, path_option("Folder for cached features; vtviz-base needs it (11 GB for 6,000 photos).")
    ] = None,
    data_zh: Annotated[
        Path | None, path_option("Folder with train.jsonl and dev.jsonl of Chinese sentences for the photos of DATA.")
    ] = None,
    names: Annotated[Path | None, path_option("Folder with photos of named things and classes.jsonl.")] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Steps; of vtviz-base the first stage's: fusion, match, search. Default: 1800."),
    ] = None,
    epochs: Annotated[
        float | None,
        typer.Option(help="recurrent: passes over the photos, unless --steps is set. Default: 6."),
    ] = None,
    head_steps: Annotated[
        int, typer.Option(min=1, help="vtviz-base: steps of the second stage: captions, answers.")
    ] = 1000,
    minutes: Annotated[float | None, typer.Option(help="Time limit in minutes.")] = None,
    batch: Annotated[
        int | None, typer.Option(help="Captions per step (default: 72); recurrent: photos (default: 32).", min=2)
    ] = None,
    losses: Annotated[
        str,
        typer.Option(help="recurrent: match, contrast, boxes, or some of them; see docs/training.md."),
    ] = "match,contrast,boxes",
    width: Annotated[
        int | None, typer.Option(help="recurrent: width of the LSTMs, a multiple of 4. Default: 192.", min=8)
    ] = None,
    seed: Annotated[int, typer.Option(help="Random seed.", min=0)] = 0,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps. Default: cpu; recurrent: auto.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume from the checkpoint in OUTPUT.")] = False,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="recurrent: write TensorBoard logs too.")] = False,
) -> None:
    """Train the textbook's network (recurrent), or vtviz-base, which needs the packages of requirements-train.txt."""
    from vtviz.machine import choose_device
    from vtviz.scenes.compose import data_folder

    if network not in NETWORKS:
        raise InputError(
            "There is no network {network} to train; use {known}.", network=network, known=" or ".join(NETWORKS)
        )
    shared: dict[str, Any] = {"seed": seed, "minutes": minutes, "resume": resume}
    shared |= {name: value for name, value in (("steps", steps), ("batch", batch)) if value is not None}
    if network == "recurrent":
        from vtviz.training.recurrent.train import RecurrentConfig
        from vtviz.training.recurrent.train import train as run_recurrent

        shared |= {name: value for name, value in (("epochs", epochs), ("width", width)) if value is not None}
        shared |= {"device": str(choose_device(device or "auto")), "tensorboard": tensorboard}
        chosen = tuple(name.strip() for name in losses.split(","))
        with bars() as watch:
            trained = run_recurrent(RecurrentConfig(data, output, cache, losses=chosen, **shared), watch)  # type: ignore[arg-type]
        for note in trained.notes:
            typer.echo(f"note: {note}", err=True)
        for row in trained.refused:
            typer.echo(f"left out: {row}", err=True)
        typer.echo(json.dumps(trained.figures, indent=2))
        return
    if cache is None:
        raise InputError("Training vtviz-base needs --cache, a folder for features (11 GB for 6,000 photos).")
    try:
        from vtviz.training.vtviz_base.train import TrainConfig
        from vtviz.training.vtviz_base.train import train as run

        with bars() as watch:
            config = TrainConfig(
                data_folder(data, seed, watch),
                data_zh,
                names,
                cache,
                output,
                head_steps=head_steps,
                device=str(choose_device(device or "cpu")),
                **shared,
            )
            figures = run(config, watch)
    except ModuleNotFoundError as error:
        raise InputError(
            "Training needs {package}; install requirements-train.txt first.", package=error.name
        ) from error
    except FileNotFoundError as error:
        raise InputError("The training data lacks {file}.", file=error.filename) from error
    typer.echo(json.dumps(figures, indent=2))
