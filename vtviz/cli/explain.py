"""Explain one photo and one text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from vtviz.cli.common import Device, Model, Photo, app, make_folder, read_photo
from vtviz.models.registry import DEFAULT_MODEL


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
    html: Annotated[
        bool, typer.Option(help="Also write lens.html, which opens in a browser without a server.")
    ] = False,
) -> None:
    """Explain one photo and one text."""
    from vtviz.engine.explanation import Request
    from vtviz.engine.export import to_json
    from vtviz.engine.lens import lens_view
    from vtviz.engine.local import LocalEngine
    from vtviz.render.lens.page import lens_page
    from vtviz.render.overlay import overlay, to_png
    from vtviz.render.words import word_maps
    from vtviz.sentences import catalogue

    image = read_photo(photo)
    request = Request(image, text, model, method, layer, head)
    explanation = LocalEngine(device).explain(request)
    make_folder(output)
    (output / "explanation.json").write_bytes(to_json(explanation))
    tokens = explanation.tokens
    for number, (word, map_) in enumerate(zip(tokens.words, word_maps(tokens, explanation.relevance), strict=True)):
        name = re.sub(r"\W+", "_", word.text)[:40].strip("_") or "mark"
        (output / f"word-{number:02d}-{name}.png").write_bytes(to_png(overlay(image, map_)))
    if html:
        view, alt = lens_view(explanation), catalogue("en")["explore.alt"].format(name=photo.name)
        (output / "lens.html").write_bytes(lens_page(view, alt, tokens.text))
    verdict = "describes" if explanation.is_match else "does not describe"
    typer.echo(f"Match {explanation.score:.3f}: the text {verdict} the photo. {output / 'explanation.json'}")
    if tokens.truncated:
        typer.echo("The text was longer than the model reads; the end was left out.", err=True)
    if explanation.unknown:
        words = ", ".join(tokens.words[place].text for place in explanation.unknown)
        typer.echo(f"The model does not know: {words}. Its score is a guess.", err=True)
