"""What attribution methods get and give."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from vtviz.inputs import Tokens
from vtviz.models.base import FusionModel
from vtviz.models.record import KINDS, Kind
from vtviz.models.recorder import Recording


@dataclass(frozen=True)
class Relevance:
    """Relevance of the inputs for one answer.

    ``tokens [T]`` for each piece of the text, ``maps [T, h, w]`` the patch map of each piece, ``image [h, w]`` that of
    the whole text. Maps are 0..1 where ``signed`` is False, else -1..1.
    """

    tokens: np.ndarray
    maps: np.ndarray
    image: np.ndarray
    signed: bool


@dataclass(frozen=True)
class ForwardPass:
    """One recorded run of a model: ``logits [batch]`` for photo i (``features [batch, patches, channels]``) and text i.

    The attention and the logits lie on one autograd graph where the method asked for gradients.
    """

    model: FusionModel
    features: Tensor
    tokens: Sequence[Tokens]
    logits: Tensor
    attention: Recording

    def rows(self, weights: Tensor, index: int) -> Tensor:
        """The rows of the pieces of text ``index``, ``[..., T, patches]`` from ``[batch, ..., text, patches]``."""
        first = self.model.text_offset
        return weights[index, ..., first : first + len(self.tokens[index].pieces), :]


class Method(Protocol):
    """An attribution method; one module each, with an instance called ``METHOD``.

    ``cost`` is in forward (F) and backward (B) passes. ``choices`` says what a person may pick.
    """

    name: str
    label: str
    paper: str
    cost: str
    signed: bool
    needs_gradient: bool
    choices: frozenset[Literal["layer", "head"]]

    def attribute(self, forward: ForwardPass, layer: int | None, head: int | None) -> list[Relevance]:
        """Relevance for each photo and text of the pass. ``layer`` counts text→image layers from 0 (the model's
        default where None); ``head`` is one head, or None for the mean of all."""


def run_forward(
    model: FusionModel,
    features: Tensor,
    texts: Sequence[str],
    gradient: bool,
    kinds: Collection[Kind] = KINDS,
) -> ForwardPass:
    """Runs the model once with its attention recorded.

    Raises:
        InputError: if a text holds nothing to read.
    """
    tokens = [model.tokenize(text) for text in texts]
    with torch.set_grad_enabled(gradient), model.record(kinds) as recording:
        logits = model.match_logits(features, texts)
    return ForwardPass(model, features, tokens, logits, recording)


def layer_weights(forward: ForwardPass, layer: int | None, head: int | None) -> Tensor:
    """The text→image weights ``[batch, heads, text, patches]`` of one layer.

    Raises:
        ValueError: if the model has no such layer or head.
    """
    layers = forward.attention.of_kind("text→image")
    chosen = forward.model.default_layer if layer is None else layer
    if not 0 <= chosen < len(layers):
        raise ValueError(f"`layer` {chosen} is not one of the model's {len(layers)} text→image layers")
    weights = layers[chosen]
    if head is not None and not 0 <= head < weights.shape[1]:
        raise ValueError(f"`head` {head} is not one of the layer's {weights.shape[1]} heads")
    return weights


def from_rows(rows: Tensor, tokens: Tensor, grid: tuple[int, int]) -> Relevance:
    """Unsigned relevance from ``rows [T, patches]`` and token scores ``[T]``; each map is scaled to a maximum of 1."""
    maps = rows.detach().float().cpu().reshape(-1, *grid).numpy()
    scores = tokens.detach().float().cpu().numpy()
    return Relevance(scores, _scaled(maps), _scaled(maps.mean(axis=0)), signed=False)


def _scaled(maps: np.ndarray) -> np.ndarray:
    peak = maps.max(axis=(-2, -1), keepdims=True)
    return maps / np.where(peak > 0, peak, 1.0)
