"""Evaluate a model on a split."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtviz.cli.common import Device, Model, app, bars, check_language, path_option
from vtviz.cli.side_by_side import EngineName, Gpus, RayAddress, Threads, Workers, many_at, place_of
from vtviz.files import check_file_place, make_folder, write_atomically
from vtviz.inputs import InputError
from vtviz.models.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from torch import Tensor


@app.command()
def evaluate(
    data: Annotated[str, typer.Option(help="Folder with SPLIT.jsonl and images/; or `scenes`, the built-in data set.")],
    split: Annotated[str, typer.Option(help="Name of the split.")] = "dev",
    output: Annotated[Path | None, path_option("JSON file for the figures; default: only print the main ones.")] = None,
    model: Model = DEFAULT_MODEL,
    methods: Annotated[
        str | None,
        typer.Option(help="Methods for the pointing game, separated by commas, or `all`; default: the quick ones."),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Only the first N photos.", min=2)] = None,
    judgements: Annotated[Path | None, path_option("JSON lines with image, text and ratings.")] = None,
    pointing_only: Annotated[
        bool, typer.Option("--pointing-only", help="Run only the pointing game, for example for slow methods.")
    ] = False,
    data_zh: Annotated[
        Path | None, path_option("Folder with SPLIT.jsonl of Chinese sentences for the same photos (Flickr8K-CN).")
    ] = None,
    images: Annotated[Path | None, path_option("Folder of the photos; default: images/ in DATA.")] = None,
    report: Annotated[
        Path | None, path_option("Also write the matching figures as a report for people, one HTML file.")
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the report: en or zh.")] = "en",
    engine: EngineName = "local",
    address: RayAddress = "local",
    workers: Workers = None,
    threads: Threads = 1,
    gpus: Gpus = 0.0,
    device: Device = "auto",
) -> None:
    """Evaluate a model: matching, retrieval, pointing game, captions, answers, agreement with human judgements."""
    from vtviz.evaluation.evaluate import evaluate as run
    from vtviz.evaluation.pointing import pointing_methods
    from vtviz.evaluation.report.html import to_html
    from vtviz.evaluation.runs.split_scores import evaluation_of_split
    from vtviz.evaluation.split import chinese_rows, read_split
    from vtviz.machine import choose_device, device_label, versions
    from vtviz.models.registry import load_model
    from vtviz.scenes.compose import NAME as SCENES
    from vtviz.scenes.compose import data_folder

    place = place_of(engine, address, workers, threads, gpus)
    if output is not None:
        check_file_place(output)
    check_language(language)
    if report is not None:
        check_file_place(report)
        if pointing_only:
            raise InputError("A report needs the match scores; leave out --pointing-only.")
    with bars() as watch:
        folder = data_folder(data, watch=watch)
    rows = read_split(folder, split, limit)
    chinese = chinese_rows(data_zh, split, rows) if data_zh is not None else None
    loaded = load_model(model, choose_device(device))
    chosen = pointing_methods(loaded, methods)
    logits: list[Tensor] = []
    with many_at(place, device) as many, bars() as watch:
        elsewhere = None if many is None else (many, model)
        figures = run(
            loaded, folder, rows, chosen, judgements, pointing_only, watch, chinese, images, logits.append, elsewhere
        )
    about = {
        "schema": "vtviz.evaluation/1",
        "model": model,
        "weights_sha256": loaded.weights_sha256,
        "default_method": loaded.default_method,
        "data": data if data == SCENES else folder.name,
        "split": split,
        "device": device_label(loaded.device),
        "versions": versions(),
    }
    if output is not None:
        make_folder(output.parent)
        write_atomically(output, (json.dumps({**about, **figures}, indent=2, allow_nan=False) + "\n").encode())
    if report is not None:
        shown = images or folder / "images"
        scored = evaluation_of_split(loaded, model, f"{folder.name}/{split}", rows, shown, logits[0])
        make_folder(report.parent)
        write_atomically(report, to_html(scored, scored.start, language).encode())
    for line in _summary(figures):
        typer.echo(line)


def _summary(figures: dict[str, Any]) -> list[str]:
    """The main figures, a line for each kind of them."""
    lines = []
    if "matching" in figures:
        matching, retrieval = figures["matching"], figures["retrieval"]
        at_threshold = "no calibrated threshold"
        if matching["threshold"] is not None:
            at_threshold = f"F1 {matching['f1']:.3f}, accuracy {matching['accuracy']:.3f}"
        recall = retrieval["text_to_image"]["recall@10"]
        lines.append(f"match AUC {matching['auc']:.3f}, {at_threshold}; text→image recall@10 {recall:.3f}")
    for kind, own in figures.get("chinese", {}).items():
        recall = own["retrieval"]["text_to_image"]["recall@10"]
        lines.append(f"Chinese, {kind}: match AUC {own['matching']['auc']:.3f}; text→image recall@10 {recall:.3f}")
    for name, pointing in figures.get("pointing", {}).items():
        cover = figures["cover"][name]
        covers = "" if cover["auc"] is None else f"; AUC {cover['auc']:.3f}, IoU {cover['iou']:.3f} against the boxes"
        lines.append(f"pointing {name}: {pointing['accuracy']:.3f} (centre {pointing['centre_baseline']:.3f}){covers}")
    if "caption" in figures:
        lines.append(f"captions: BLEU-4 {figures['caption']['bleu4']:.3f}, CIDEr {figures['caption']['cider']:.3f}")
    if "answers" in figures:
        lines.append(f"answers: {figures['answers']['accuracy']:.3f} of {figures['answers']['questions']} questions")
    return lines
