"""What a CUDA device brings, and whether it gives the same: ``python -m benchmarks.cuda`` writes ``cuda.json``.

Runs the CUDA tests; explains with every method on CUDA and on the CPU and takes the largest difference of their maps;
measures explanations a second by batch size, training steps a second on either device, and the peak of memory. It takes
at most eight minutes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer

from vtviz.attribution.attribute import attribute
from vtviz.attribution.options import Options
from vtviz.attribution.registry import methods
from vtviz.inputs import ImageInput, read_image
from vtviz.machine import device_label
from vtviz.models.base import MATCH, FusionModel
from vtviz.models.registry import DEFAULT_MODEL, load_model
from vtviz.paths import ASSETS
from vtviz.scenes.compose import write_scenes
from vtviz.training.recurrent.train import RecurrentConfig, train
from vtviz.watch import Progress, Watch

TEXT = "a brown cat with green eyes"
FEW = {"samples": 16, "window": 8}  # so that methods of many passes end
BATCHES = (1, 8, 32, 128)
SECONDS = 4.0  # of each measurement
STEPS, SCENES = 60, 200
TESTS = "tests/cuda"


def agreement(cpu: FusionModel, cuda: FusionModel, image: ImageInput) -> dict[str, Any]:
    """For each method the largest difference of its maps on both devices, relative to the largest value, and the
    milliseconds on each."""
    found: dict[str, Any] = {}
    for name, method in methods().items():
        if method.supports(cpu.abilities, MATCH.kind) is not None:
            continue
        options = Options(**{key: value for key, value in FEW.items() if key in method.options})
        maps, taken = [], []
        for model in (cpu, cuda):
            began = time.perf_counter()
            maps.append(attribute(model, image, TEXT, method=name, options=options).image)
            torch.cuda.synchronize()
            taken.append(round(1000 * (time.perf_counter() - began), 1))
        scale = max(float(np.abs(maps[0]).max()), 1e-12)
        difference = float(np.abs(maps[0] - maps[1]).max()) / scale
        found[name] = {"difference": difference, "cpu_ms": taken[0], "cuda_ms": taken[1]}
    return found


def throughput(model: FusionModel, image: ImageInput) -> dict[str, float]:
    """Pairs of a photo and a text scored a second, features of the photo included, by batch size."""
    pixels, speed = model.pixels(image), {}
    for size in BATCHES:
        texts, many, done = [TEXT] * size, pixels.expand(size, -1, -1, -1), 0
        with torch.inference_mode():
            model.match_logits(model.encode_pixels(many), texts)
            torch.cuda.synchronize()
            began = time.perf_counter()
            while time.perf_counter() - began < SECONDS:
                model.match_logits(model.encode_pixels(many), texts)
                torch.cuda.synchronize()
                done += size
        speed[str(size)] = round(done / (time.perf_counter() - began), 1)
    return speed


def training_speed(device: str, data: Path, folder: Path) -> float:
    """Training steps a second, without the features that come before them."""
    times: list[float] = []

    def hear(now: Progress) -> None:
        if now.stage == "training" and now.done:
            times.append(time.perf_counter())

    train(RecurrentConfig(str(data), folder / device, folder / "cache", steps=STEPS, device=device), Watch(hear))
    half = len(times) // 2
    return round((len(times) - half - 1) / (times[-1] - times[half]), 2)


def main(output: Annotated[Path, typer.Option(help="File for the figures.")] = Path("cuda.json")) -> None:
    """Measures and writes the figures."""
    if not torch.cuda.is_available():
        typer.echo("There is no CUDA device here.", err=True)
        raise typer.Exit(2)
    image = read_image((ASSETS / "samples" / "chelsea.jpg").read_bytes())
    tests = subprocess.run([sys.executable, "-m", "pytest", "-q", "-m", "cuda", TESTS], check=False)
    cpu, cuda = (load_model(DEFAULT_MODEL, torch.device(name)) for name in ("cpu", "cuda"))
    torch.cuda.reset_peak_memory_stats()
    figures: dict[str, Any] = {
        "device": device_label(torch.device("cuda")),
        "torch": torch.__version__,
        "tests_passed": tests.returncode == 0,
        "methods": agreement(cpu, cuda, image),
        "pairs_per_second": throughput(cuda, image),
    }
    figures["peak_mb"] = round(torch.cuda.max_memory_allocated() / 2**20)
    with tempfile.TemporaryDirectory() as folder:
        write_scenes(Path(folder) / "scenes", SCENES)
        figures["training_steps_per_second"] = {
            device: training_speed(device, Path(folder) / "scenes", Path(folder)) for device in ("cuda", "cpu")
        }
    output.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    typer.echo(json.dumps(figures, indent=2))


if __name__ == "__main__":
    typer.run(main)
