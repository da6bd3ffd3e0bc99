"""Metrics of explanations beside those of Quantus and torch-cam: the time of each over that of the forward passes which
it makes, on vtviz-base, so that more or fewer perturbations of a default count for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.measure import Figure, in_turn, is_installed, missing
from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.masked import Masked
from vtviz.inputs import read_image
from vtviz.metrics.base import Subject
from vtviz.metrics.registry import metrics
from vtviz.models.base import MATCH, FusionModel
from vtviz.models.registry import DEFAULT_MODEL, load_model
from vtviz.paths import ASSETS

PART, TEXT = "Metrics", "a brown cat with green eyes"
OWN = ("insertion", "deletion", "sensitivity_n", "infidelity")
STEPS = 16


class _Match(torch.nn.Module):
    """The match of photos with the text and its opposite, ``[batch, 2]``; counts the photos."""

    def __init__(self, model: FusionModel) -> None:
        super().__init__()
        self.model, self.text, self.photos = model, model.encode_texts([TEXT]), 0
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, pixels: Tensor) -> Tensor:
        self.photos += len(pixels)
        match = self.model.score(self.model.encode_pixels(pixels), self.text, MATCH)
        return torch.stack([match, -match], dim=1)


class _Fixed:
    """A map in the clothes of a CAM extractor of torch-cam."""

    def __init__(self, network: torch.nn.Module, values: Tensor) -> None:
        self.model, self.values = network, values

    def __call__(self, *_: Any, **__: Any) -> list[Tensor]:
        return [self.values]

    def fuse_cams(self, cams: list[Tensor]) -> Tensor:
        return cams[0]

    def _hooks_off(self) -> AbstractContextManager[None]:
        return nullcontext()


def measure(rounds: int) -> Iterator[Figure]:
    """Each metric over its own forward passes."""
    model = load_model(DEFAULT_MODEL)
    photo = read_image((ASSETS / "samples" / "chelsea.jpg").read_bytes())
    case = Case(model, photo, [TEXT])
    (relevance,) = attribute_case(case, "attention_gradcam")
    network, pixels = _Match(model).eval(), case.pixels
    large = torch.nn.functional.interpolate(
        torch.from_numpy(np.ascontiguousarray(relevance.image))[None, None].float(), pixels.shape[-2:]
    )

    def own(name: str) -> object:
        subject = Subject(case, photo, relevance, Masked(case), steps=STEPS)
        return metrics()[name].take(subject)

    runs: dict[str, Callable[[], object]] = {f"vtviz {name}": partial(own, name) for name in OWN}
    absent = [name for module, name in (("quantus", "Quantus"), ("torchcam", "torch-cam")) if not is_installed(module)]
    if "Quantus" not in absent:
        runs |= _quantus(network, pixels, large)
    if "torch-cam" not in absent:
        runs["torch-cam deletion and insertion"] = _torch_cam(network, pixels, large)
    with torch.no_grad():
        counts = {name: _counted(run, network, model) for name, run in runs.items()}
    runs["one"] = lambda: _one(network, pixels)
    times = in_turn(runs, rounds)
    for name, seconds in times.medians.items():
        if name != "one":
            share = seconds / (counts[name] * times.medians["one"])
            yield Figure(PART, name, share, "× its passes", rounds, f"{counts[name]} passes")
    yield from (Figure(PART, name, None, note=f"does not run here: {why}") for name, why in times.failures.items())
    yield from (missing(PART, name) for name in absent)


@torch.inference_mode()
def _one(network: _Match, pixels: Tensor) -> object:
    return network(pixels)


def _counted(run: Callable[[], object], network: _Match, model: FusionModel) -> int:
    """How many photos the network sees in a run."""
    seen, encode = [0], model.encode_pixels

    def counted(pixels: Tensor) -> Tensor:
        seen[0] += len(pixels)
        return encode(pixels)

    model.encode_pixels = counted  # type: ignore[method-assign]
    try:
        run()
    except Exception:  # said once it is timed
        return 1
    finally:
        del model.encode_pixels
    return max(1, seen[0])


def _quantus(network: _Match, pixels: Tensor, large: Tensor) -> dict[str, Callable[[], object]]:
    import quantus

    side = pixels.shape[-1]
    quiet = {"disable_warnings": True, "display_progressbar": False}
    step = side * side // STEPS
    measured = {
        "Quantus pixel flipping (deletion)": quantus.PixelFlipping(
            features_in_step=step, perturb_baseline="mean", **quiet
        ),
        "Quantus sensitivity-n": quantus.SensitivityN(
            features_in_step=step, n_max_percentage=0.8, perturb_baseline="mean", **quiet
        ),
        "Quantus infidelity": quantus.Infidelity(
            perturb_patch_sizes=[side // 4], n_perturb_samples=2, perturb_baseline="mean", **quiet
        ),
    }

    def take(metric: Any) -> object:
        return metric(
            model=network,
            x_batch=pixels.numpy(),
            y_batch=np.array([0]),
            a_batch=large[0].numpy()[None],
            softmax=False,
            channel_first=True,
            device="cpu",
        )

    return {name: partial(take, metric) for name, metric in measured.items()}


def _torch_cam(network: _Match, pixels: Tensor, large: Tensor) -> Callable[[], object]:
    from torchcam.metrics import DeletionInsertionMetric

    def run() -> object:
        metric = DeletionInsertionMetric(_Fixed(network, large[0]), steps=STEPS, batch_size=4)
        metric.update(pixels, 0)
        return metric.summary()

    return run
