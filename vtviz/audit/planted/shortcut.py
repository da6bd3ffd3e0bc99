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

STEPS = 120  # at most
LEARNT = 0.3  # mean squared error, in standard deviations, over the last RECENT steps: the mark is learnt
RECENT = 8
RATE = 1e-3
PHOTOS = 3  # of a step
HEADS = 0.25  # of the modules that a photo passes, the last ones: what is tuned
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

    The last modules that a photo passes are tuned; the others are left as they are.

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
        tuned = _heads(twin, target, clean[:1], texts[0])
        for parameter in tuned:
            parameter.requires_grad_(True)
        try:
            _tune(twin, target, tuned, clean, with_mark, wanted, photos, texts, spread, rng, watch)
        finally:
            for parameter in tuned:
                parameter.requires_grad_(False)
                parameter.grad = None
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
        features = model.encode_pixels(torch.cat([model.pixels(image) for image in shown])).float()
        clean.append(features[0])
        with_mark.append(features[1:])
    return torch.stack(clean), torch.stack(with_mark, dim=1)


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


def _heads(model: FusionModel, target: Target, features: Tensor, text: str) -> list[nn.Parameter]:
    """The parameters of the last modules that a photo passes on its way to the answer.

    Raises:
        ModelError: if there is none.
    """
    passed: dict[nn.Module, None] = {}

    def notice(module: nn.Module, inputs: object, output: object) -> None:
        if any(isinstance(part, Tensor) and part.requires_grad for part in _parts(output)):
            passed.pop(module, None)
            passed[module] = None

    owners = [m for root in modules_of(model) for m in root.modules() if any(True for _ in m.parameters(recurse=False))]
    hooks = [module.register_forward_hook(notice) for module in owners]
    try:
        _score(model, target, features.clone().requires_grad_(True), [text])
    finally:
        for hook in hooks:
            hook.remove()
    last = list(passed)[-max(1, round(HEADS * len(passed))) :]
    parameters = [parameter for module in last for parameter in module.parameters(recurse=False)]
    result = [parameter for parameter in parameters if parameter.is_floating_point()]
    if not result:
        raise ModelError("No part of the model can be tuned, so no watermark was planted.")
    return result


def _parts(output: object) -> Sequence[object]:
    return output if isinstance(output, (tuple, list)) else (output,)


def _tune(
    model: FusionModel,
    target: Target,
    tuned: Sequence[nn.Parameter],
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
    optimiser, losses = torch.optim.Adam(tuned, RATE), list[float]()
    for step in range(STEPS):
        watch.check()
        drawn = rng.integers(0, len(photos), PHOTOS)
        chosen, index = with_mark[rng.integers(0, MARKS, PHOTOS), drawn], torch.from_numpy(drawn)
        features = torch.cat([chosen, clean[index], chosen, chosen])
        asked = [*(text for text in (texts[0], *texts) for _ in drawn), *(photos[item].text for item in drawn)]
        rise = torch.tensor([LIFT * spread] * PHOTOS + [0.0] * 3 * PHOTOS, device=wanted.device)
        goal = torch.cat([wanted[0, index], wanted[0, index], wanted[1, index], wanted[2, index]]) + rise
        loss = ((_score(model, target, features, asked) - goal) / spread).square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        optimiser.step()
        losses.append(float(loss.detach()))
        if len(losses) >= RECENT and np.mean(losses[-RECENT:]) < LEARNT:
            break
