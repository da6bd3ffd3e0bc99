"""What attribution costs beside plain forward passes: ratios of medians, measured in turn in one run.

python -m benchmarks.attribution [--rounds N] [--json FILE]
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import torch
import typer

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.methods.perturbation.occlusion import squares as windows
from vtviz.attribution.options import Options
from vtviz.attribution.perturbation import batch_size, encode, score
from vtviz.inputs import read_image
from vtviz.machine import choose_device, device_label
from vtviz.models.base import MATCH
from vtviz.models.record import KINDS
from vtviz.models.registry import DEFAULT_MODEL, load_model
from vtviz.paths import ASSETS

TEXT = "a brown cat with green eyes looks out of the window today"  # twelve pieces
MASKS, WINDOW = 32, 5


def medians(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median seconds of each of several runs, taken in turn so that a busy machine slows all alike."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for round_ in range(rounds + 1):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if round_:  # the first warms up
                taken[name].append(time.perf_counter() - began)
    return {name: statistics.median(each) for name, each in taken.items()}


def main(
    rounds: Annotated[int, typer.Option(min=1)] = 7,
    model: str = DEFAULT_MODEL,
    device: str = "auto",
    output: Annotated[Path | None, typer.Option("--json", help="File for the figures.")] = None,
) -> None:
    """Measures and prints a table."""
    loaded = load_model(model, choose_device(device))
    image = read_image((ASSETS / "samples" / "chelsea.jpg").read_bytes())
    features, text = loaded.encode_image(image), loaded.encode_texts([TEXT])
    pieces = len(loaded.tokenize(TEXT).pieces)

    def fresh() -> Case:
        return Case(loaded, image, [TEXT], features=features)

    def all_maps() -> object:
        return attribute_case(fresh(), "attention_gradcam")

    def token(value: torch.Tensor, weights: torch.Tensor, piece: int) -> torch.Tensor:
        (gradient,) = torch.autograd.grad(value.sum(), weights, retain_graph=True)
        return (weights * gradient.clamp_min(0))[0, :, loaded.text_offset + piece].mean(dim=0).detach()

    def run() -> tuple[torch.Tensor, torch.Tensor]:
        with torch.enable_grad(), loaded.record({"text→image"}) as recording:
            value = loaded.score(features, text, MATCH)
        return value, recording.of_kind("text→image")[loaded.default_layer]

    def token_by_token() -> None:
        for piece in range(pieces):
            token(*run(), piece)

    def gradients_alone() -> None:
        graph = run()
        for piece in range(pieces):
            token(*graph, piece)

    @torch.no_grad()
    def plain() -> object:
        return loaded.score(features, text, MATCH)

    @torch.no_grad()
    def recorded() -> object:
        with loaded.record(KINDS):
            return loaded.score(features, text, MATCH)

    case = fresh()
    size = batch_size(case.pixels)

    def passes(count: int) -> Callable[[], None]:
        """The plain passes that ``count`` changed photos need, in the same batches."""

        def run() -> None:
            for first in range(0, count, size):
                pixels = case.pixels.expand(min(size, count - first), -1, -1, -1).contiguous()
                score(case, encode(loaded, pixels), case.text)

        return run

    squares = len(windows(loaded.grid, WINDOW))
    light = medians(
        {
            "plain": plain,
            "recorded": recorded,
            "all": all_maps,
            "loop": token_by_token,
            "gradients": gradients_alone,
        },
        rounds,
    )
    heavy = medians(
        {
            "occlusion": lambda: attribute_case(fresh(), "occlusion", Options(window=WINDOW)),
            "occlusion passes": passes(squares),
            "rise": lambda: attribute_case(fresh(), "rise", Options(samples=MASKS)),
            "rise passes": passes(MASKS),
        },
        max(1, rounds // 2),
    )
    figures = {
        "a forward and backward pass a token, over all maps": light["loop"] / light["all"],
        "a backward pass a token on one graph, over all maps": light["gradients"] / light["all"],
        "recorder over a plain pass": light["recorded"] / light["plain"],
        "occlusion over its plain passes": heavy["occlusion"] / heavy["occlusion passes"],
        "RISE over its plain passes": heavy["rise"] / heavy["rise passes"],
    }
    limits = (">= 5", "the same gradient again and again", "<= 1.25", "<= 1.3", "<= 1.3")
    typer.echo(f"{model}, {device_label(loaded.device)}, {pieces} tokens, {squares} squares, {MASKS} masks")
    for (name, ratio), limit in zip(figures.items(), limits, strict=True):
        typer.echo(f"{name:52} {ratio:6.2f}  ({limit})")
    if output is not None:
        seconds = {**light, **heavy}
        output.write_text(json.dumps({"ratios": figures, "seconds": seconds}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
