"""Captions of a photo, and answers about it."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated, Literal

import typer

from vtviz.chinese import language_of
from vtviz.cli.common import AsJson, Device, Model, Photo, app, bars, show
from vtviz.files import read_photo
from vtviz.models.registry import DEFAULT_MODEL

Subtract = Annotated[bool, typer.Option(help="Heatmaps without what earlier words explain (TAM).")]


@app.command()
def caption(
    photo: Photo,
    model: Model = DEFAULT_MODEL,
    count: Annotated[int, typer.Option(min=1, max=3, help="Number of captions, best first.")] = 3,
    language: Annotated[Literal["en", "zh"], typer.Option(help="Language of the captions.")] = "en",
    subtract: Subtract = False,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Write captions for a photo, the best-matching one first; --json has a heatmap per token."""
    from vtviz.engine.remote.choose import open_engine
    from vtviz.engine.requests.captions_and_answers import WriteCaptions

    with closing(open_engine(device)) as engine, bars() as watch:
        captions = engine.ask(WriteCaptions(read_photo(photo), model, language=language), watch)[:count]
    rows = [
        {
            "text": caption.text,
            "match": round(caption.score, 4),
            "sure": caption.is_sure,
            "tokens": list(caption.tokens.pieces),
            "probability": [round(float(p), 4) for p in caption.probabilities],
            "frame": list(caption.frame),
            "maps": caption.maps.round(4).tolist(),
        }
        for caption in (caption.without_interference() if subtract else caption for caption in captions)
    ]
    if not as_json and not any(row["sure"] for row in rows):
        typer.echo("The model can't say what this photo shows; these captions match it poorly.", err=True)
    show(rows, as_json, lambda row: f"{row['match']:.2f} {row['text']}")


@app.command()
def answer(
    photo: Photo,
    question: Annotated[str, typer.Argument(help="A question about the photo.")],
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Answer a question about a photo, or say that the model cannot tell."""
    from vtviz.engine.remote.choose import open_engine
    from vtviz.engine.requests.captions_and_answers import AnswerQuestion
    from vtviz.tasks.answer import in_language

    with closing(open_engine(device)) as engine:
        likeliest = engine.ask(AnswerQuestion(read_photo(photo), question, model))
    language = language_of(question)
    rows = [
        {"answer": text, "said": in_language(text, language), "probability": round(probability, 4)}
        for text, probability in likeliest.candidates
    ]
    if not as_json:
        unsure = "无法判断" if language == "zh" else "can't tell"
        typer.echo(in_language(likeliest.text, language) if likeliest.text else unsure)
    if likeliest.question.truncated:
        typer.echo("The question was longer than the model reads; the end was left out.", err=True)
    show(rows, as_json, lambda row: f"  {row['probability']:.2f} {row['said']}")


@app.command()
def reply(
    photo: Photo,
    prompt: Annotated[str, typer.Argument(help="What is said about the photo.")],
    model: Annotated[str, typer.Option(help="A decoder of transformers, hf:ORG/NAME or hf:FOLDER.")],
    subtract: Subtract = False,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Reply to a prompt about a photo, with a decoder such as SmolVLM or Qwen-VL; --json has a heatmap per token."""
    from vtviz.engine.remote.choose import open_engine
    from vtviz.engine.requests.captions_and_answers import WriteReply

    with closing(open_engine(device)) as engine, bars() as watch:
        said = engine.ask(WriteReply(read_photo(photo), prompt, (), model), watch)
    said = said.without_interference() if subtract else said
    row = {
        "reply": said.text,
        "whole": said.is_whole,
        "tokens": list(said.tokens.pieces),
        "probability": [round(float(p), 4) for p in said.probabilities],
        "frame": list(said.frame),
        "maps": said.maps.round(4).tolist(),
    }
    show([row], as_json, lambda row: str(row["reply"]))
