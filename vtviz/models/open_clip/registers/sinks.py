"""Which patches are sinks: of high norm, and attended to from everywhere, whatever the photo shows there (Darcet et
al., "Vision Transformers Need Registers", ICLR 2024; Kang et al., "See What You Are Told", ICLR 2025)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:  # open_clip itself takes seconds to import
    from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder

HIGH = 2.0  # times the median norm of the patches, from which one is high
EVERYWHERE = 3.0  # times an even share of attention, from which half of all tokens attend to one


@dataclass(frozen=True)
class Sinks:
    """The patches of one photo: ``norms [h, w]``, the largest of any layer over the median of that layer's patches;
    ``attention [h, w]``, what the median token pays each of them in the layers after the highest norm, in even shares;
    and which are sinks, ``found [h, w]``. ``share`` of all that attention goes to them."""

    norms: np.ndarray
    attention: np.ndarray
    found: np.ndarray
    share: float

    @property
    def count(self) -> int:
        return int(self.found.sum())

    @property
    def places(self) -> list[tuple[int, int]]:
        """Row and column of each sink, from 0."""
        return [(int(row), int(column)) for row, column in np.argwhere(self.found)]


def find_sinks(model: OpenClipDualEncoder, features: Tensor) -> Sinks:
    """The sinks of one photo, ``features [1, patches, channels]``: one pass of the image tower."""
    first = model.image_offset
    with model.record({"image"}) as recording, model.vision.layer_outputs() as outputs:
        model.index_images(features)
    norms = relative_norms(outputs, first)
    layers = [weights[0].float().mean(dim=0) for weights in recording.of_kind("image")]
    later = torch.stack(layers[min(int(norms.amax(dim=1).argmax()) + 1, len(layers) - 1) :])  # [layers, tokens, tokens]
    count = later.shape[-1]
    away = ~torch.eye(count, dtype=torch.bool, device=later.device)  # what a token pays itself says nothing
    paid = later.masked_fill(~away, float("nan")).nanmedian(dim=1).values.mean(dim=0)[first:] * count
    highest = norms.amax(dim=0)
    found = (highest > HIGH) & (paid > EVERYWHERE)
    share = float(later[..., first:][..., found].sum(dim=-1).mean())

    def shaped(values: Tensor) -> np.ndarray:
        return values.cpu().numpy().reshape(model.grid)

    return Sinks(shaped(highest), shaped(paid), shaped(found), share)


def relative_norms(outputs: list[Tensor], first: int) -> Tensor:
    """The norm of each patch of one photo over the median of its layer, ``[layers, patches]``, of what layers give."""
    norms = torch.stack([output[0, first:].float().norm(dim=-1) for output in outputs])
    return norms / norms.median(dim=1, keepdim=True).values.clamp_min(1e-12)
