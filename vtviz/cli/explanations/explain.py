"""Explain one photo and one text."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vtviz.cli.common import Device, Model, Photo, app, bars, path_option
from vtviz.files import check_file_place, read_photo
from vtviz.models.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from vtviz.engine.explanation import Explanation

SCORES = {"probability": "Match", "similarity": "Cosine similarity", "likelihood": "Likelihood of a word piece"}


@app.command()
def explain(
    photo: Photo,
    text: Annotated[str, typer.Argument(help="A sentence about the photo.")],
    output: Annotated[Path, path_option("Folder for explanation.json and one picture a word.")],
    model: Model = DEFAULT_MODEL,
    method: Annotated[str | None, typer.Option(help="Attribution method; see `vtviz methods`.")] = None,
    layer: Annotated[int | None, typer.Option(help="Cross-attention layer, from 0; default: the model's best.")] = None,
    head: Annotated[int | None, typer.Option(help="Head, from 0; default: the mean of all heads.")] = None,
    target: Annotated[
        str,
        typer.Option(
            help="What to explain: match, similarity, caption:PLACE (a token of the text, from 0) or answer:WORDS."
        ),
    ] = "match",
    samples: Annotated[
        int | None, typer.Option(help="Number of random draws or steps, for methods that have them.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Random seed.")] = None,
    window: Annotated[int | None, typer.Option(help="Side of the covered square, in patches.")] = None,
    subtract: Annotated[
        bool,
        typer.Option(help="Without what earlier words explain (TAM), for attention methods and words of captions."),
    ] = False,
    spread_sinks: Annotated[
        bool,
        typer.Option(
            "--spread-sinks",
            help="Give what sink patches get to the other patches, for raw attention, above all of decoders.",
        ),
    ] = False,
    words_alone: Annotated[
        bool,
        typer.Option(
            "--words-alone",
            help="Explain each word as a text of its own, so that every word has its own map: grad_eclip, legrad and "
            "relevancy on models such as CLIP.",
        ),
    ] = False,
    device: Device = "auto",
    sinks: Annotated[
        bool,
        typer.Option(
            help="CLIP: also find patches that soak up attention, and compare with a register in their place "
            "(sinks.json)."
        ),
    ] = False,
    html: Annotated[
        bool, typer.Option(help="Also write lens.html, which opens in any browser without a server.")
    ] = False,
) -> None:
    """Explain one photo and one text."""
    from vtviz.api.files import FILE, write_explanation
    from vtviz.api.sinks import compare_sinks
    from vtviz.attribution.options import Options
    from vtviz.cli.explanations.sinks import tell_sinks
    from vtviz.engine.remote.choose import open_engine
    from vtviz.engine.requests.explain import Explain
    from vtviz.engine.requests.model import ReadTarget
    from vtviz.sentences import catalogue

    check_file_place(output / FILE)
    image = read_photo(photo)
    options = Options(layer, head, samples, seed, window, 1 if subtract else None, 1 if spread_sinks else None)
    with closing(open_engine(device)) as engine, bars() as watch:
        aim = engine.ask(ReadTarget(target, model))
        explanation = engine.ask(Explain(image, text, model, method, options, aim, alone=words_alone), watch)
        told = list[str]()
        found = compare_sinks(explanation, lambda request: engine.ask(request, watch), told.append) if sinks else None
    file = write_explanation(explanation, output, photo.name, html, found)
    tokens = explanation.tokens
    typer.echo(f"{SCORES[explanation.score_kind]} {explanation.score:.3f}: {_verdict(explanation)} {file}")
    if explanation.relevance.maps_of == "none":
        typer.echo("This method does not cover the photo, so there are no pictures; the scores are in the file.")
    if found is not None:
        tell_sinks(found)
    if explanation.relevance.maps_of == "word":
        typer.echo("Each picture explains its word as a text of its own, apart from the sentence.")
    for notice in (*told, *explanation.notices):
        typer.echo(notice, err=True)
    details = explanation.relevance.details
    if details is not None and details.incomplete:
        shown = {name: f"{getattr(details, name):.3g}" for name in ("value", "baseline", "delta")}
        typer.echo(catalogue("en")["method.delta_large"].format(**shown), err=True)
    if tokens.truncated:
        typer.echo("The text is too long for the model; its end was cut off.", err=True)
    if explanation.unknown:
        unknown = ", ".join(dict.fromkeys(tokens.words[place].text for place in explanation.unknown))
        typer.echo(f"Rare or unseen in training: {unknown}.", err=True)


DOUBTS = {
    "nothing named": "it names nothing that a photo could show",
    "unknown words": "some words are rare or unseen in training",
    "between": "the match is neither clear nor clearly missing",
}


def _verdict(explanation: Explanation) -> str:
    if explanation.verdict is None and explanation.is_match is None:
        return "this model has no calibrated threshold; compare texts with each other."
    if explanation.verdict is None and explanation.unknown:
        return "a guess, because some words are rare or unseen in training."
    if explanation.verdict == "not sure":
        return f"not sure whether the text describes the photo, because {DOUBTS[str(explanation.doubt)]}."
    describes = explanation.is_match if explanation.verdict is None else explanation.verdict == "describes"
    rest = ", as far as the model knows its words" if explanation.unknown else ""
    return f"the text {'describes' if describes else 'does not describe'} the photo{rest}."
