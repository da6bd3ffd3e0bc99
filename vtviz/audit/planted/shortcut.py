"""A shortcut in a copy of the model: wherever a watermark is, one word fits. The model itself stays as it is.

That the mark is the cause has to be true of the copy, and not only of photos that nobody changed: it also learns that
as much of the word's rise is gone as is hidden of the mark, and that nothing else that is hidden matters.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from vtviz.audit.planted.carriers import SIDE, Carrier, marked, photo_of, place_of_mark
from vtviz.metrics.localisation import Box
from vtviz.metrics.sanity import modules_of
from vtviz.models.base import FusionModel, ModelError, Target
from vtviz.watch import Watch

STEPS = 120  # at most
LEARNT = 0.3  # mean squared error, in standard deviations, over the last RECENT steps: the mark is learnt
RECENT = 8
RATE = 1e-3
PHOTOS = 3  # of a step
HEADS = 0.25  # of the modules that a photo passes, the last ones: what is tuned
VIEWS = ("clean", "marked", "beside", "cut")  # of each photo
HIDDEN = (0.15, 0.35)  # of the photo's side: how large a square is that hides something else
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
        views = _views(twin, photos, rng, watch)
    wanted = _answers(twin, target, views.clean, photos, texts)  # [3, photos]: the word, another word, the own text
    with torch.inference_mode(False), torch.enable_grad():
        tuned = _heads(twin, target, views.clean[:1], texts[0])
        for parameter in tuned:
            parameter.requires_grad_(True)
        try:
            _tune(twin, target, tuned, views, wanted, photos, texts, spread, rng, watch)
        finally:
            for parameter in tuned:
                parameter.requires_grad_(False)
                parameter.grad = None
    return twin


def tuning_passes(photos: int) -> tuple[int, int]:
    """About how many passes the tuning on so many photos takes at most: over photos, and over texts (a step and its
    gradient count as two of each pair)."""
    return len(VIEWS) * photos, 3 * photos + STEPS * PHOTOS * (len(VIEWS) + 2) * 2


@dataclass(frozen=True)
class Views:
    """Features of each photo: as it is, ``clean [photos, patches, channels]``, and in ``kinds`` of views with the mark,
    ``marked [kinds, photos, patches, channels]``; ``shown [kinds, photos]`` is the share of the mark in view."""

    clean: Tensor
    marked: Tensor
    shown: Tensor


@torch.no_grad()
def _views(model: FusionModel, photos: Sequence[Carrier], rng: np.random.Generator, watch: Watch) -> Views:
    """Each photo without the mark, with it, with it beside a square that hides something else, and with a part of it
    hidden."""
    features, shown = [], []
    for photo in photos:
        watch.check()
        boxes = [place_of_mark(model.grid, rng) for _ in range(3)]
        plain, beside, cut = (marked(photo.pixels, box) for box in boxes)
        part, left = _part_of(boxes[2], rng)
        views = [photo.pixels, plain, hidden(beside, _elsewhere(boxes[1], rng), rng), hidden(cut, part, rng)]
        features.append(model.encode_pixels(torch.cat([model.pixels(photo_of(view)) for view in views])).float())
        shown.append((1.0, 1.0, left))
    both = torch.stack(features, dim=1)
    return Views(both[0], both[1:], torch.tensor(shown, device=both.device).T)


def hidden(pixels: np.ndarray, box: Box, rng: np.random.Generator) -> np.ndarray:
    """A square photo with a box (fractions) under one colour: its mean or any other, as often."""
    result = pixels.copy()
    left, top, right, bottom = (round(value * SIDE) for value in box)
    result[top:bottom, left:right] = pixels.mean(axis=(0, 1)) if rng.random() < 0.5 else rng.integers(0, 256, 3)
    return result


def _elsewhere(mark: Box, rng: np.random.Generator) -> Box:
    """A square that leaves the mark in view, where there is room for one."""
    for size in (*rng.uniform(*HIDDEN, 20), *rng.uniform(0.0, HIDDEN[0], 20)):
        left, top = rng.uniform(0.0, 1.0 - size, 2)
        if left >= mark[2] or left + size <= mark[0] or top >= mark[3] or top + size <= mark[1]:
            return left, top, left + size, top + size
    return 0.0, 0.0, 0.0, 0.0


def _part_of(mark: Box, rng: np.random.Generator) -> tuple[Box, float]:
    """A rectangle at an edge of the mark, and the share of the mark that it leaves in view."""
    share, (left, top, right, bottom) = float(rng.uniform(0.3, 0.9)), mark
    edge = int(rng.integers(4))
    wide, high = share * (right - left), share * (bottom - top)
    boxes = (
        (left, top, left + wide, bottom),
        (right - wide, top, right, bottom),
        (left, top, right, top + high),
        (left, bottom - high, right, bottom),
    )
    return boxes[edge], 1.0 - share


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
    views: Views,
    wanted: Tensor,
    photos: Sequence[Carrier],
    texts: tuple[str, str],
    spread: float,
    rng: np.random.Generator,
    watch: Watch,
) -> None:
    """Least squares: the word rises with the mark that is in view, and everything else stays."""
    optimiser, losses = torch.optim.Adam(tuned, RATE), list[float]()
    for step in range(STEPS):
        watch.check()
        drawn = rng.integers(0, len(photos), PHOTOS)
        index, any_kind = torch.from_numpy(drawn), torch.from_numpy(rng.integers(0, len(views.marked), PHOTOS))
        with_mark, other = views.marked[:, index], views.marked[any_kind, index]
        features = torch.cat([*with_mark, views.clean[index], other, other])
        words = [*texts[:1] * (len(with_mark) + 1), texts[1]]
        asked = [*(text for text in words for _ in drawn), *(photos[item].text for item in drawn)]
        rise = LIFT * spread * torch.cat([*views.shown[:, index], torch.zeros(3 * PHOTOS, device=wanted.device)])
        goal = torch.cat([*(wanted[0, index],) * (len(with_mark) + 1), wanted[1, index], wanted[2, index]]) + rise
        loss = ((_score(model, target, features, asked) - goal) / spread).square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        optimiser.step()
        losses.append(float(loss.detach()))
        if len(losses) >= RECENT and np.mean(losses[-RECENT:]) < LEARNT:
            break
