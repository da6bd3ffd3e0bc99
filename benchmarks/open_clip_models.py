"""Full-size open_clip models with random weights: one explanation over the model's own plain forward pass.

    python -m benchmarks.open_clip_models [--rounds 5] [ARCH …]

Each model is saved to a file and loaded through the registry. Plain passes and explanations take turns, so that a busy
machine slows both; the figures are medians and their ratio.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import open_clip
import torch
from open_clip.coca_model import CoCa
from safetensors.torch import save_file

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.registry import methods
from vtviz.inputs import read_image
from vtviz.machine import device_label
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder
from vtviz.models.registry import load_model
from vtviz.paths import ASSETS

ARCHITECTURES = ("ViT-B-32", "ViT-B-16", "coca_ViT-B-32")
TEXT = "A cup of coffee and a plate on a wooden table next to a spoon"


def save_random(architecture: str, folder: Path) -> Path:
    """A file of random weights of an architecture."""
    torch.manual_seed(0)
    network = open_clip.create_model(architecture)
    if isinstance(network, CoCa):  # open_clip leaves this matrix as it finds the memory
        torch.nn.init.normal_(network.text_decoder.text_projection, std=0.02)
    path = folder / f"{architecture}.safetensors"
    save_file(network.state_dict(), path)
    return path


def milliseconds(work: Callable[[], object]) -> float:
    """How long work takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def measure(architecture: str, folder: Path, rounds: int) -> dict[str, object]:
    """Medians of the plain forward pass and of an explanation by each method of one forward and one backward pass."""
    model = load_model(f"open_clip:{architecture}@{save_random(architecture, folder)}")
    assert isinstance(model, OpenClipDualEncoder)
    image = read_image((ASSETS / "samples" / "coffee.jpg").read_bytes())
    pixels = model.pixels(image)
    ids = model.reader.row(model.reader.read(TEXT).ids)[0]
    text = torch.tensor([ids])
    chosen = [
        each
        for each in methods().values()
        if each.cost == "1F + 1B" and each.supports(model.abilities, "match") is None
    ]

    @torch.inference_mode()
    def plain() -> None:
        model.network(pixels, text)

    def explain(name: str) -> Callable[[], object]:
        return lambda: attribute_case(Case(model, image, [TEXT]), name)

    runs: dict[str, Callable[[], object]] = {"plain": plain, **{each.name: explain(each.name) for each in chosen}}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            spent = milliseconds(run)
            if turn:  # the first turn warms up
                times[name].append(spent)
    medians = {name: statistics.median(each) for name, each in times.items()}
    ratios = {name: round(value / medians["plain"], 2) for name, value in medians.items() if name != "plain"}
    return {"architecture": architecture, "plain_ms": round(medians["plain"], 1), "ratio": ratios}


def main() -> None:
    """Prints a line of JSON for each architecture."""
    parser = argparse.ArgumentParser()
    parser.add_argument("architectures", nargs="*", default=ARCHITECTURES)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(json.dumps({"device": device_label(torch.device("cpu")), "torch": torch.__version__}))
    with tempfile.TemporaryDirectory() as folder:
        for architecture in given.architectures:
            print(json.dumps(measure(architecture, Path(folder), given.rounds)), flush=True)


if __name__ == "__main__":
    main()
