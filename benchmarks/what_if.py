"""What a change costs: medians of the time from the question to the answer, and over a plain explanation.

    python -m benchmarks.what_if [--rounds N] [--json FILE]

Hiding a region, dropping a word, switching off a head, cutting and pushing a word's attention, through the engine as a
page asks it. The photo is known and so is the explanation before the change, as whoever changes something has seen it.
All are measured in turn in one run, so that a busy machine slows all alike.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from vtviz.engine.engine import Request
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.interventions import FindSmallestRegion, Intervene, MeasurePromise
from vtviz.engine.requests.model import LoadModel
from vtviz.engine.requests.things import ComparePatches
from vtviz.inputs import ImageInput, read_image
from vtviz.interventions.changes import Change, Cut, Drop, Hide, Push, Without
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.paths import ASSETS

TEXT = "a brown cat with green eyes looks out of the window today"
METHOD = "attention_gradcam"  # that of the heatmap which the page shows first
LIMIT = 250  # ms, for the first three


def changes(round_: int) -> dict[str, tuple[Change, ...]]:
    """Changes that were not asked before, so that none is answered from what is kept."""
    left, place = 0.02 * (round_ % 20), round_ % 12
    box = ((left, 0.1, left + 0.4, 0.5),)
    return {
        "hide": (Hide(box),),
        "drop": (Drop(place),),
        "head off": (Without("text→image", round_ % 3, round_ % 8),),
        "cut": (Cut(box, place=place),),
        "push": (Push(box, place=place, strength=0.5),),
    }


def milliseconds(engine: LocalEngine, request: Request[Any]) -> float:
    """The time from the question to the answer."""
    began = time.perf_counter()
    engine.ask(request)
    return (time.perf_counter() - began) * 1000


def measure(engine: LocalEngine, image: ImageInput, model: str, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every answer; the first round warms up."""
    taken: dict[str, list[float]] = {}

    def timed(name: str, request: Request[Any]) -> None:
        taken.setdefault(name, []).append(milliseconds(engine, request))

    for round_ in range(rounds + 1):
        plain = Explain(image, f"{TEXT} {round_}", model, METHOD)
        timed("explain", plain)
        engine.ask(Intervene(plain, ()))
        for name, asked in changes(round_).items():
            timed(name, Intervene(plain, asked))
    return {name: values[1:] for name, values in taken.items()}


def whole(engine: LocalEngine, image: ImageInput, model: str) -> Iterator[tuple[str, float]]:
    """Milliseconds of what takes many passes, or none."""
    made = engine.ask(Explain(image, TEXT, model, "attention_gradcam"))
    requests: dict[str, Request[Any]] = {
        "predicted against real, 8 cuts": MeasurePromise(made.attribution),
        "smallest region": FindSmallestRegion(made.attribution),
        "patches alike": ComparePatches(image, model=model),
    }
    for name, request in requests.items():
        yield name, milliseconds(engine, request)


def main(
    rounds: Annotated[int, typer.Option(min=1)] = 15,
    model: str = DEFAULT_MODEL,
    device: str = "auto",
    output: Annotated[Path | None, typer.Option("--json", help="File for the figures.")] = None,
) -> None:
    """Measures and prints a table."""
    engine = LocalEngine(device)
    engine.ask(LoadModel(model))
    image = read_image((ASSETS / "samples" / "chelsea.jpg").read_bytes())
    taken = measure(engine, image, model, rounds)
    once = dict(whole(engine, image, model))
    engine.close()
    medians = {name: statistics.median(values) for name, values in taken.items()}
    typer.echo(f"{model}, {engine.device}, {torch.get_num_threads()} threads, {rounds} rounds")
    for name, median in medians.items():
        limit = f"  (≤ {LIMIT} ms)" if name in ("hide", "drop", "head off") else ""
        typer.echo(f"{name:32} {median:7.1f} ms  {median / medians['explain']:5.2f} × explain{limit}")
    for name, value in once.items():
        typer.echo(f"{name:32} {value:7.1f} ms  once")
    if output is not None:
        ratios = {name: median / medians["explain"] for name, median in medians.items()}
        figures = {"medians_ms": medians, "ratios": ratios, "once_ms": once}
        output.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
