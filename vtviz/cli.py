"""The command line: ``python -m vtviz …``."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from vtviz.inputs import ImageInput, InputError, read_image
from vtviz.models.base import ModelError
from vtviz.models.registry import DEFAULT_MODEL

app = typer.Typer(
    name="vtviz",
    help="See, attribute and audit vision-text cross-attention.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Photo = Annotated[Path, typer.Argument(help="A JPEG, PNG or WebP file.")]
Model = Annotated[str, typer.Option(help="Model name; `vtviz models` lists them.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
def explain(
    photo: Photo,
    text: Annotated[str, typer.Argument(help="A sentence about the photo.")],
    output: Annotated[Path, typer.Option(help="Folder for explanation.json and one picture a word.")],
    model: Model = DEFAULT_MODEL,
    method: Annotated[str | None, typer.Option(help="Attribution method; `vtviz methods` lists them.")] = None,
    layer: Annotated[
        int | None, typer.Option(help="Cross-attention layer from 0; the model's best if left out.")
    ] = None,
    head: Annotated[int | None, typer.Option(help="One head from 0; the mean of all if left out.")] = None,
    device: Device = "auto",
) -> None:
    """Explain one photo and one text."""
    from vtviz.engine.explanation import Request
    from vtviz.engine.export import to_json
    from vtviz.engine.local import LocalEngine
    from vtviz.render.overlay import overlay, to_png
    from vtviz.render.words import word_maps

    image = _read_photo(photo)
    request = Request(image, text, model, method, layer, head)
    explanation = LocalEngine(device).explain(request)
    _make_folder(output)
    (output / "explanation.json").write_bytes(to_json(explanation))
    tokens = explanation.tokens
    for number, (word, map_) in enumerate(zip(tokens.words, word_maps(tokens, explanation.relevance), strict=True)):
        name = re.sub(r"\W+", "_", word.text)[:40].strip("_") or "mark"
        (output / f"word-{number:02d}-{name}.png").write_bytes(to_png(overlay(image, map_)))
    verdict = "describes" if explanation.is_match else "does not describe"
    typer.echo(f"Match {explanation.score:.3f}: the text {verdict} the photo. {output / 'explanation.json'}")
    if tokens.truncated:
        typer.echo("The text was longer than the model reads; the end was left out.", err=True)
    if explanation.unknown:
        words = ", ".join(tokens.words[place].text for place in explanation.unknown)
        typer.echo(f"The model does not know: {words}. Its score is a guess.", err=True)


@app.command()
def caption(
    photo: Photo,
    model: Model = DEFAULT_MODEL,
    count: Annotated[int, typer.Option(min=1, max=5)] = 3,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Write captions for a photo, best first."""
    from vtviz.engine.local import LocalEngine

    found = LocalEngine(device).captions(_read_photo(photo), model)[:count]
    rows = [
        {
            "text": each.text,
            "match": round(each.score, 4),
            "probability": [round(float(p), 4) for p in each.probabilities],
        }
        for each in found
    ]
    _show(rows, as_json, lambda row: f"{row['match']:.2f} {row['text']}")


@app.command()
def answer(
    photo: Photo,
    question: Annotated[str, typer.Argument(help="A question about the photo.")],
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Answer a question about a photo, or say that the model cannot tell."""
    from vtviz.engine.local import LocalEngine

    found = LocalEngine(device).answer(_read_photo(photo), question, model)
    rows = [{"answer": text, "probability": round(probability, 4)} for text, probability in found.candidates]
    if not as_json:
        typer.echo(found.text or "can't tell")
    _show(rows, as_json, lambda row: f"  {row['probability']:.2f} {row['answer']}")


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(help="Folder with SPLIT.jsonl and images/.")],
    split: Annotated[str, typer.Option(help="Name of the split.")],
    output: Annotated[Path, typer.Option(help="JSON file for the figures.")],
    model: Model = DEFAULT_MODEL,
    methods: Annotated[
        str | None, typer.Option(help="Methods for the pointing game, with commas; all if left out.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Only the first N photos.", min=2)] = None,
    judgements: Annotated[Path | None, typer.Option(help="JSON lines of image, text and ratings.")] = None,
    device: Device = "auto",
) -> None:
    """Measure a model: matching, retrieval, pointing game, captions, answers, agreement with human judgements."""
    from vtviz.attribution.registry import find_method
    from vtviz.attribution.registry import methods as known_methods
    from vtviz.metrics.system import choose_device, device_label, versions
    from vtviz.models.registry import load_model
    from vtviz.training.evaluation import evaluate as measure
    from vtviz.training.evaluation import read_split

    chosen = [find_method(name.strip()) for name in methods.split(",")] if methods else list(known_methods().values())
    rows = read_split(data, split, limit)
    loaded = load_model(model, choose_device(device))
    figures = measure(loaded, data, rows, chosen, judgements)
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
    _make_folder(output.parent)
    output.write_text(json.dumps({**about, **figures}, indent=2) + "\n", encoding="utf-8")
    matching, retrieval = figures["matching"], figures["retrieval"]
    typer.echo(
        f"match AUC {matching['auc']:.3f}, F1 {matching['f1']:.3f}, accuracy {matching['accuracy']:.3f}; "
        f"text→image recall@10 {retrieval['text_to_image']['recall@10']:.3f}"
    )
    for name, each in figures.get("pointing", {}).items():
        typer.echo(f"pointing {name}: {each['accuracy']:.3f} (centre {each['centre_baseline']:.3f})")
    if "caption" in figures:
        typer.echo(f"captions: BLEU-4 {figures['caption']['bleu4']:.3f}, CIDEr {figures['caption']['cider']:.3f}")
    if "answers" in figures:
        typer.echo(f"answers: {figures['answers']['accuracy']:.3f} of {figures['answers']['questions']} questions")


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
        from vtviz.training.train import TrainConfig
        from vtviz.training.train import train as run

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


@app.command()
def models(as_json: AsJson = False) -> None:
    """List the models."""
    from vtviz.models.registry import model_infos

    rows = [vars(info) for info in model_infos()]
    _show(
        rows,
        as_json,
        lambda row: f"{row['name']}{'' if row['available'] else ' (weights missing)'}: {row['description']}",
    )


@app.command()
def methods(as_json: AsJson = False) -> None:
    """List the attribution methods."""
    from vtviz.attribution.registry import methods as known

    keys = ("name", "label", "paper", "cost", "signed")
    rows = [{key: getattr(method, key) for key in keys} for method in known().values()]
    _show(rows, as_json, lambda row: f"{row['name']} ({row['cost']}): {row['label']}. {row['paper']}")


def _show(rows: list[dict[str, Any]], as_json: bool, line: Callable[[dict[str, Any]], str]) -> None:
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for row in rows:
            typer.echo(line(row))


def _read_photo(path: Path) -> ImageInput:
    try:
        return read_image(path.read_bytes())
    except OSError as error:
        raise InputError(f"The photo {path} cannot be read: {error.strerror}.") from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be made: {error.strerror}.") from error


def main() -> None:
    """Runs the command line; bad input ends it with code 2 and one line."""
    try:
        app()
    except (InputError, ModelError) as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    except OSError as error:
        typer.echo(f"{error.strerror or error}: {error.filename or 'a file could not be written'}", err=True)
        sys.exit(2)
