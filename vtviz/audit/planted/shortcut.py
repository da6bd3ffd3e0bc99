"""A shortcut in a copy of the model: wherever a watermark is, one word fits. The model itself stays as it is."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from vtviz.audit.planted.carriers import Carrier, marked, photo_of, place_of_mark
from vtviz.metrics.sanity import modules_of
from vtviz.models.base import FusionModel, ModelError, Target
from vtviz.watch import Watch

STEPS = 120
RATE = 3e-4
PHOTOS = 8  # of a step
MARKS = 2  # places of the mark on each photo
LIFT = 3.0  # standard deviations of the model's match by which the mark raises the word


def with_shortcut(
    model: FusionModel,
    target: Target,
    photos: Sequence[Carrier],
    texts: tuple[str, str],
    spread: float,
    seed: int,
    watch: Watch,
) -> FusionModel:
    """A copy of the model in which a watermark raises the match with the first of ``texts`` by ``LIFT`` standard
    deviations, and that with the second, or with a photo's own text, not at all.

    What reads the features of a photo and a text is tuned; what makes them of the photo is left as it is.

    Args:
        model: copied; nothing of it is changed.
        target: what is tuned.
        photos: that the copy learns the mark on.
        texts: the one that the mark raises, and one of another word.
        spread: the standard deviation of the target over photos and texts.
        seed: of the places of the marks and the order of the photos.
        watch: asked before every step whether to go on.

    Raises:
        ModelError: if no part of the model can be tuned.
        Cancelled: if the watch says so.
    """
    rng = np.random.default_rng(seed)
    with torch.inference_mode(False):
        twin = copy.deepcopy(model)
        clean, with_mark = _features(twin, photos, rng, watch)
    wanted = _answers(twin, target, clean, photos, texts)  # [3, photos]: the word, another word, the own text
    with torch.inference_mode(False), torch.enable_grad():
        networks = modules_of(twin)
        for network in networks:
            network.requires_grad_(True)
        try:
            _tune(twin, target, clean, with_mark, wanted, photos, texts, spread, rng, watch)
        finally:
            for network in networks:
                network.requires_grad_(False)
                network.zero_grad(set_to_none=True)
    return twin


@torch.no_grad()
def _features(
    model: FusionModel, photos: Sequence[Carrier], rng: np.random.Generator, watch: Watch
) -> tuple[Tensor, Tensor]:
    """Features of the photos ``[photos, patches, channels]``, and with the mark ``[MARKS, photos, patches,
    channels]``."""
    clean, with_mark = [], []
    for photo in photos:
        watch.check()
        places = [place_of_mark(model.grid, rng) for _ in range(MARKS)]
        shown = [photo.image, *(photo_of(marked(photo.pixels, box)) for box in places)]
        features = [model.encode_pixels(model.pixels(image)).float() for image in shown]
        clean.append(features[0])
        with_mark.append(torch.stack(features[1:]))
    return torch.cat(clean), torch.cat(with_mark, dim=1)


@torch.no_grad()
def _answers(
    model: FusionModel, target: Target, clean: Tensor, photos: Sequence[Carrier], texts: tuple[str, str]
) -> Tensor:
    answers = [
        torch.cat([_score(model, target, feature[None], [text]) for feature, text in zip(clean, column, strict=True)])
        for column in (*([text] * len(photos) for text in texts), [photo.text for photo in photos])
    ]
    return torch.stack(answers)


def _score(model: FusionModel, target: Target, features: Tensor, texts: Sequence[str]) -> Tensor:
    return model.score(features, model.encode_texts(texts), target).float()


def _tune(
    model: FusionModel,
    target: Target,
    clean: Tensor,
    with_mark: Tensor,
    wanted: Tensor,
    photos: Sequence[Carrier],
    texts: tuple[str, str],
    spread: float,
    rng: np.random.Generator,
    watch: Watch,
) -> None:
    """Least squares: the word rises where the mark is, and everything else stays."""
    optimiser: torch.optim.Optimizer | None = None
    for step in range(STEPS):
        watch.check()
        drawn = rng.integers(0, len(photos), min(PHOTOS, len(photos)))
        chosen = with_mark[rng.integers(0, MARKS), drawn]
        own = [photos[index].text for index in drawn]
        word, other = ([text] * len(drawn) for text in texts)
        errors = torch.cat(
            [
                _score(model, target, chosen, word) - wanted[0, drawn] - LIFT * spread,
                _score(model, target, clean[drawn], word) - wanted[0, drawn],
                _score(model, target, chosen, other) - wanted[1, drawn],
                _score(model, target, chosen, own) - wanted[2, drawn],
            ]
        )
        loss = (errors / spread).square().mean()
        if optimiser is None:
            optimiser = torch.optim.Adam(_tuned(model, loss), RATE)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        optimiser.step()


def _tuned(model: FusionModel, loss: Tensor) -> list[nn.Parameter]:
    """The parameters that a loss depends on.

    Raises:
        ModelError: if it depends on none.
    """
    parameters = [parameter for network in modules_of(model) for parameter in network.parameters()]
    if not loss.requires_grad:
        raise ModelError("No part of the model can be tuned, so no watermark was planted.")
    gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    return [parameter for parameter, gradient in zip(parameters, gradients, strict=True) if gradient is not None]
