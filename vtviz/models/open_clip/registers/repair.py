"""Test-time registers: what a few neurons write into sink patches goes to a token of its own instead (Jiang et al.,
"Vision Transformers Don't Need Trained Registers", NeurIPS 2025). Nothing is trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from vtviz.inputs import ImageInput, read_image
from vtviz.models.base import ModelError
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder
from vtviz.models.open_clip.registers.sinks import HIGH, relative_norms
from vtviz.paths import ASSETS

NEURONS = 10
Neurons = dict[int, list[int]]  # by layer


def add_register(model: OpenClipDualEncoder, photos: Sequence[ImageInput] | None = None) -> Neurons:
    """Gives the image tower one register, and moves what its register neurons do into it, for good.

    The register stands after the class token; it begins as zeros, and counts as none of the patches.

    Args:
        model: whose tower gets it.
        photos: on which the neurons are found; the sample photos where None.

    Returns:
        The neurons: of each photo's patches of high norm, those in the layers up to the first that makes one whose
        activation there is largest on average.

    Raises:
        ModelError: if the tower has no class token, or no patch of high norm.
    """
    if not model.vision.takes_registers:
        raise ModelError(
            "The option registers needs an image encoder whose class token is its answer, as in CLIP; leave it out for "
            "{name}.",
            name=model.name,
        )
    neurons = find_neurons(model, sample_photos() if photos is None else photos)
    model.vision.add_register()
    model.image_offset = model.vision.offset
    for layer, chosen in neurons.items():
        index = torch.tensor(chosen, device=model.device)
        second_linear(model.vision.layers[layer]).register_forward_pre_hook(_moving(index))
    return neurons


def find_neurons(model: OpenClipDualEncoder, photos: Sequence[ImageInput], count: int = NEURONS) -> Neurons:
    """The register neurons of a tower. Raises ModelError if no patch of these photos has a high norm."""
    first, top = model.image_offset, len(model.vision.layers)
    sums: list[Tensor] = []
    seen = 0
    for photo in photos:
        with _activations(model) as activations, model.vision.layer_outputs() as outputs:
            model.index_images(model.encode_image(photo))
        high = relative_norms(outputs, first) > HIGH
        if not high.any():
            continue
        top = min(top, int(high.any(dim=1).nonzero()[0]))
        patches = high.any(dim=0)
        sums.append(torch.stack([layer[0, first:][patches].float().sum(dim=0) for layer in activations]))
        seen += int(patches.sum())
    if not sums:
        raise ModelError(
            "No patch of the sample photos has an unusually high norm in {name}, so there is nothing to repair; leave "
            "the option registers out.",
            name=model.name,
        )
    mean = torch.stack(sums).sum(dim=0)[: top + 1] / seen  # [layers, neurons]
    neurons: Neurons = {}
    for place in mean.flatten().topk(min(count, mean.numel())).indices.tolist():
        neurons.setdefault(place // mean.shape[1], []).append(place % mean.shape[1])
    return neurons


def second_linear(layer: Any) -> nn.Module:
    """What reads the activations of a layer's feed-forward part."""
    linear: nn.Module = layer.mlp.c_proj if hasattr(layer.mlp, "c_proj") else layer.mlp.fc2
    return linear


def sample_photos() -> list[ImageInput]:
    """The photos that vtviz brings."""
    return [read_image(file.read_bytes()) for file in sorted((ASSETS / "samples").glob("*.jpg"))]


def _moving(index: Tensor) -> Any:
    """A hook that moves the largest activation of each of these neurons to the register, and none elsewhere."""

    def move(module: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        chosen = args[0][..., index]
        moved = torch.zeros_like(chosen).index_copy(
            1, torch.ones(1, dtype=torch.long, device=index.device), chosen.amax(dim=1, keepdim=True)
        )
        return (args[0].index_copy(2, index, moved), *args[1:])

    return move


@contextmanager
def _activations(model: OpenClipDualEncoder) -> Iterator[list[Tensor]]:
    """The activations of each layer's feed-forward part inside the ``with``, ``[batch, tokens, neurons]``."""
    kept: list[Tensor] = []
    handles = [
        second_linear(layer).register_forward_pre_hook(lambda module, args: kept.append(args[0]))
        for layer in model.vision.layers
    ]
    try:
        yield kept
    finally:
        for handle in handles:
            handle.remove()
