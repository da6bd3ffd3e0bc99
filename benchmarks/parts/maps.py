"""Maps for one text and for twelve, on CLIP's ViT-B/16 with random weights and on vtviz-base, beside peers.

A plain pass is one forward pass of a photo and a text through the network itself. Peers are used as their guides say, a
text after the other where they offer no more. All begin with the photo and the texts, and encode the texts at once.
``(equal work)`` is a peer that is asked for what vtviz does beside it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.measure import Figure, in_turn, is_installed, missing, over
from benchmarks.open_clip_models import save_random
from vtviz.attribution.attribute import attribute, attribute_case, attribute_many
from vtviz.attribution.case import Case
from vtviz.inputs import ImageInput, read_image
from vtviz.models.base import MATCH
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder
from vtviz.models.registry import DEFAULT_MODEL, load_model
from vtviz.paths import ASSETS

ARCHITECTURE = "ViT-B-16"
PLAIN, UNIT = "plain pass", "× a plain pass"
TEXTS = (
    "a cup of coffee", "a silver spoon", "a wooden table", "a plate on a table", "something red", "a dog in the snow",
    "a cat", "a person", "two glasses of water", "breakfast", "a bowl of soup", "the handle of a cup",
)  # fmt: skip
METHODS = ("grad_eclip", "legrad", "relevancy")
LOOP = "Chefer's method, text by text"
LEGRAD_ALL = "legrad_torch (equal work)"
Explain = Callable[[int], object]  # of the first so many of TEXTS


def measure(rounds: int) -> Iterator[Figure]:
    """Figures of both models."""
    photo = read_image((ASSETS / "samples" / "coffee.jpg").read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        model = load_model(f"open_clip:{ARCHITECTURE}@{save_random(ARCHITECTURE, Path(folder))}")
    assert isinstance(model, OpenClipDualEncoder)
    yield from _on_clip(model, photo, rounds)
    yield from _on_default(photo, rounds)


def _on_clip(model: OpenClipDualEncoder, photo: ImageInput, rounds: int) -> Iterator[Figure]:
    pixels = model.pixels(photo)
    padded = torch.tensor([model.reader.row(model.reader.read(TEXTS[0]).ids)[0]])

    @torch.inference_mode()
    def plain() -> object:
        return model.network(pixels, padded)

    def own(method: str, count: int) -> object:
        return attribute_many(model, photo, TEXTS[:count], MATCH, method)

    def loop(count: int) -> object:
        return [attribute(model, photo, text, MATCH, "relevancy") for text in TEXTS[:count]]

    ways: dict[str, Explain] = {f"vtviz {method}": partial(own, method) for method in METHODS}
    ways[LOOP] = loop
    absent = []
    for module, name, make in (
        ("torchcam", "torch-cam LeGrad", _torch_cam),
        ("pytorch_grad_cam", "pytorch-grad-cam GradCAM", _grad_cam),
        ("captum", "Captum LayerGradCam", _captum),
        ("legrad", "legrad_torch", _legrad_torch),
        ("legrad", LEGRAD_ALL, partial(_legrad_torch, first=0)),
    ):
        if is_installed(module):
            ways[name] = make(model, pixels)
        else:
            absent.append(name)
    notes = {
        "torch-cam LeGrad": "on torchvision's ViT-B/16, all layers; one forward pass for all classes",
        "legrad_torch": "its default: the last two layers of twelve",
        LEGRAD_ALL: "all twelve layers, as vtviz",
    }
    for count in (1, len(TEXTS)):
        part = f"Maps for {count} text{'s' if count > 1 else ''}, {ARCHITECTURE}"
        runs: dict[str, Callable[[], object]] = {PLAIN: plain}
        runs |= {name: partial(way, count) for name, way in ways.items()}
        yield from over(part, in_turn(runs, rounds), PLAIN, UNIT, rounds, notes)
        yield from (missing(part, name) for name in absent)


def _on_default(photo: ImageInput, rounds: int) -> Iterator[Figure]:
    model = load_model(DEFAULT_MODEL)
    text = model.encode_texts(TEXTS[:1])

    @torch.no_grad()
    def plain() -> object:
        return model.score(model.encode_pixels(model.pixels(photo)), text, MATCH)

    def loop(count: int) -> object:
        return [attribute(model, photo, each, MATCH, "relevancy") for each in TEXTS[:count]]

    def many(method: str, count: int) -> object:
        return attribute_case(Case(model, photo, TEXTS[:count]), method)

    def captum(count: int) -> object:
        from captum.attr import InputXGradient

        texts = model.encode_texts(TEXTS[:count])
        features = model.encode_image(photo).expand(count, -1, -1).clone()
        return InputXGradient(lambda values: model.score(values, texts, MATCH)).attribute(features.requires_grad_())

    ways: dict[str, Explain] = {
        f"vtviz {name}": partial(many, name) for name in ("attention_gradcam", "relevancy", "gradient_input")
    }
    ways |= {LOOP: loop, "Captum InputXGradient": captum}
    notes = {"Captum InputXGradient": "a map for each text, none for its words"}
    for count in (1, len(TEXTS)):
        part = f"Maps for {count} text{'s' if count > 1 else ''}, vtviz-base"
        runs: dict[str, Callable[[], object]] = {PLAIN: plain}
        runs |= {name: partial(way, count) for name, way in ways.items()}
        yield from over(part, in_turn(runs, rounds), PLAIN, UNIT, rounds, notes)


class _Scores(torch.nn.Module):
    """A photo's cosine with each of the texts, ``[batch, texts]``: what peers explain."""

    def __init__(self, model: OpenClipDualEncoder) -> None:
        super().__init__()
        self.model, self.visual = model, model.network.visual

    def read(self, count: int) -> None:
        """Encodes the first so many of TEXTS."""
        self.texts = self.model.index_texts(TEXTS[:count]).clone()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(self.visual(pixels), dim=-1) @ self.texts.T


def _grid(tokens: torch.Tensor) -> torch.Tensor:
    return tokens[:, 1:].unflatten(1, (14, 14)).permute(0, 3, 1, 2)


def _torch_cam(model: OpenClipDualEncoder, pixels: torch.Tensor) -> Explain:
    from torchcam.methods import LeGrad
    from torchvision.models import vit_b_16

    network = vit_b_16().eval().requires_grad_(False)

    def explain(count: int) -> object:
        with LeGrad(network, list(network.encoder.layers)) as cam:
            scores = network(pixels.clone().requires_grad_())
            return [cam(index, scores, retain_graph=True) for index in range(count)]

    return explain


def _grad_cam(model: OpenClipDualEncoder, pixels: torch.Tensor) -> Explain:
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    scores = _Scores(model)
    layers = [scores.visual.transformer.resblocks[-1].ln_1]

    def explain(count: int) -> object:
        scores.read(count)
        with GradCAM(scores, layers, reshape_transform=_grid) as cam:
            return [cam(pixels.clone().requires_grad_(), [ClassifierOutputTarget(index)]) for index in range(count)]

    return explain


def _captum(model: OpenClipDualEncoder, pixels: torch.Tensor) -> Explain:
    from captum.attr import LayerGradCam

    scores = _Scores(model)
    cam = LayerGradCam(scores, scores.visual.transformer.resblocks[-1].ln_1)

    def explain(count: int) -> object:
        scores.read(count)
        return [cam.attribute(pixels.clone().requires_grad_(), index) for index in range(count)]

    return explain


def _legrad_torch(model: OpenClipDualEncoder, pixels: torch.Tensor, first: int = -2) -> Explain:
    """Its wrapper changes the network for good, so it gets one of its own, at the first call."""

    @cache
    def wrapped() -> Any:
        import open_clip
        from legrad import LeWrapper

        with redirect_stdout(sys.stderr):
            return LeWrapper(open_clip.create_model(ARCHITECTURE).eval(), layer_index=first)

    def explain(count: int) -> object:
        return wrapped().compute_legrad_clip(image=pixels, text_embedding=model.index_texts(TEXTS[:count]).clone())

    return explain
