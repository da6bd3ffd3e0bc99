"""Captions of a photo, each word with its map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vtviz.inputs import WHOLE_FRAME, Frame, InputError, Tokens
from vtviz.models.base import CaptionModel, ScoreKind, as_score
from vtviz.models.finite import need_numbers
from vtviz.tasks.beam import Beam, beam_search
from vtviz.watch import Watch


@dataclass(frozen=True)
class Caption:
    """A generated sentence.

    ``score`` is the model's match of it with the photo, as ``score_kind`` says; the maps lie on ``frame`` of the photo;
    ``probabilities [T]`` are those with which each piece followed those before it; ``maps [T, h, w]`` the attention
    to the patches while the piece was chosen, averaged over layers and heads, each scaled to a maximum of 1.
    """

    tokens: Tokens
    probabilities: np.ndarray
    maps: np.ndarray
    score: float
    score_kind: ScoreKind = "probability"
    frame: Frame = WHOLE_FRAME

    @property
    def text(self) -> str:
        return self.tokens.text


def write_captions(
    model: CaptionModel,
    features: Tensor,
    frame: Frame = WHOLE_FRAME,
    count: int = 3,
    width: int = 5,
    watch: Watch | None = None,
) -> list[Caption]:
    """The ``count`` best captions of a beam search, best first.

    Args:
        model: writes the captions.
        features: of one photo, ``[1, patches, channels]``.
        frame: the part of the photo that the patches cover.
        count: captions wanted, at most ``width``.
        width: texts followed at a time.
        watch: hears before each piece how many there are, of those that a caption may have.
    """
    with torch.inference_mode():
        memory = model.caption_memory(features)
        beams = [beam for beam in _search(model, memory, width, watch or Watch())[:count] if beam.pieces]
        texts = [model.caption_tokens(beam.pieces).text for beam in beams]
        if not texts:
            raise InputError("The model found no caption for this photo.")
        matches = model.match_logits(features.expand(len(texts), -1, -1), texts)
        need_numbers(matches)
        scores = as_score(matches, model.score_kind).tolist()
        return [_caption(model, memory, beam, score, frame) for beam, score in zip(beams, scores, strict=True)]


def caption_text(model: CaptionModel, features: Tensor, width: int = 5) -> str:
    """The text of the best caption alone."""
    with torch.inference_mode():
        best = _search(model, model.caption_memory(features), width, Watch())[0]
        return model.caption_tokens(best.pieces).text


def _search(model: CaptionModel, memory: object, width: int, watch: Watch) -> list[Beam]:
    def step(chosen: Tensor) -> Tensor:
        watch.step(chosen.shape[1] - 1, model.caption_length)
        logits = model.caption_following(memory, chosen.to(model.device))
        return logits.float().log_softmax(dim=-1).cpu()

    return beam_search(step, model.caption_start, model.caption_end, model.caption_length, width)


def _caption(model: CaptionModel, memory: object, beam: Beam, score: float, frame: Frame) -> Caption:
    before = torch.tensor([[model.caption_start, *beam.pieces[:-1]]], device=model.device)
    with model.record({"text→image"}) as recording:
        model.caption_logits(memory, before)
    weights = torch.stack([layer[0].float().mean(dim=0) for layer in recording.of_kind("text→image")]).mean(dim=0)
    maps = weights[:, model.image_offset :].cpu().numpy().reshape(-1, *model.grid)
    maps = maps / np.maximum(maps.max(axis=(1, 2), keepdims=True), 1e-12)
    probabilities = np.exp(np.array(beam.log_probabilities[: len(beam.pieces)]))
    return Caption(model.caption_tokens(beam.pieces), probabilities, maps, score, model.score_kind, frame)
