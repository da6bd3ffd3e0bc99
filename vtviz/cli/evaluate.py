"""Measure a model on a split."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vtviz.cli.common import Device, Model, app, make_folder
from vtviz.models.registry import DEFAULT_MODEL


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(help="Folder with SPLIT.jsonl and images/.")],
    split: Annotated[str, typer.Option(help="Name of the split.")],
    output: Annotated[Path, typer.Option(help="JSON file for the figures.")],
    model: Model = DEFAULT_MODEL,
    methods: Annotated[
        str | None,
        typer.Option(help="Methods for the pointing game, with commas, or `all`; if left out, those of a few passes."),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Only the first N photos.", min=2)] = None,
    judgements: Annotated[Path | None, typer.Option(help="JSON lines of image, text and ratings.")] = None,
    pointing_only: Annotated[
        bool, typer.Option("--pointing-only", help="Nothing but the pointing game, as for slow methods.")
    ] = False,
    device: Device = "auto",
) -> None:
    """Measure a model: matching, retrieval, pointing game, captions, answers, agreement with human judgements."""
    from vtviz.evaluation.evaluate import evaluate as measure
    from vtviz.evaluation.evaluate import pointing_methods, read_split
    from vtviz.machine import choose_device, device_label, versions
    from vtviz.models.registry import load_model

    rows = read_split(data, split, limit)
    loaded = load_model(model, choose_device(device))
    figures = measure(loaded, data, rows, pointing_methods(loaded, methods), judgements, pointing_only)
    about = {
        "schema": "vtviz.evaluation/1",
        "model": model,
        "weights_sha256": loaded.weights_sha256,
        "default_method": loaded.default_method,
        "data": data.name,
        "split": split,
        "device": device_label(loaded.device),
        "versions": versions(),
    }
    make_folder(output.parent)
    output.write_text(json.dumps({**about, **figures}, indent=2) + "\n", encoding="utf-8")
    if "matching" in figures:
        matching, retrieval = figures["matching"], figures["retrieval"]
        called = "no threshold was calibrated"
        if matching["threshold"] is not None:
            called = f"F1 {matching['f1']:.3f}, accuracy {matching['accuracy']:.3f}"
        recall = retrieval["text_to_image"]["recall@10"]
        typer.echo(f"match AUC {matching['auc']:.3f}, {called}; text→image recall@10 {recall:.3f}")
    for name, each in figures.get("pointing", {}).items():
        typer.echo(f"pointing {name}: {each['accuracy']:.3f} (centre {each['centre_baseline']:.3f})")
    if "caption" in figures:
        typer.echo(f"captions: BLEU-4 {figures['caption']['bleu4']:.3f}, CIDEr {figures['caption']['cider']:.3f}")
    if "answers" in figures:
        typer.echo(f"answers: {figures['answers']['accuracy']:.3f} of {figures['answers']['questions']} questions")
