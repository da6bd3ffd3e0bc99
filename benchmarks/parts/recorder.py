"""What recording all attention adds to a forward pass."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from benchmarks.measure import Figure, in_turn, over
from benchmarks.open_clip_models import save_random
from vtviz.inputs import read_image
from vtviz.models.base import MATCH, FusionModel
from vtviz.models.record import KINDS
from vtviz.models.registry import DEFAULT_MODEL, load_model
from vtviz.paths import ASSETS

TEXT = "a brown cat with green eyes looks out of the window today"


def measure(rounds: int) -> Iterator[Figure]:
    """A recorded pass over a plain one, of vtviz-base and of CLIP's ViT-B/16."""
    with tempfile.TemporaryDirectory() as folder:
        clip = load_model(f"open_clip:ViT-B-16@{save_random('ViT-B-16', Path(folder))}")
    for name, model in (("vtviz-base", load_model(DEFAULT_MODEL)), ("ViT-B-16", clip)):
        plain, recorded = _passes(model)
        runs = {"plain": plain, f"recorder, {name}": recorded}
        yield from over("Recorder", in_turn(runs, 3 * rounds), "plain", "× the same pass", 3 * rounds)


def _passes(model: FusionModel) -> tuple[Callable[[], object], Callable[[], object]]:
    photo, text = read_image((ASSETS / "samples" / "chelsea.jpg").read_bytes()), model.encode_texts([TEXT])

    @torch.no_grad()
    def plain() -> object:
        return model.score(model.encode_pixels(model.pixels(photo)), text, MATCH)

    def recorded() -> object:
        with model.record(KINDS):
            return plain()

    return plain, recorded
