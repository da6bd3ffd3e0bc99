"""Which reader an image tower needs."""

from __future__ import annotations

from open_clip.timm_model import TimmModel
from open_clip.transformer import VisionTransformer
from torch import nn

from vtviz.models.base import ModelError
from vtviz.models.open_clip.towers.own_vision import OwnVision
from vtviz.models.open_clip.towers.timm_vision import TimmVision
from vtviz.models.open_clip.towers.vision_tower import VisionTower


def vision_tower(visual: nn.Module) -> VisionTower:
    """The reader of an image tower.

    Raises:
        ModelError: if it is not a vision transformer whose attention can be recorded.
    """
    if isinstance(visual, VisionTransformer):
        return OwnVision(visual)
    if isinstance(visual, TimmModel):
        return TimmVision(visual)
    raise ModelError(
        "The image tower {tower} is not a vision transformer: it has no attention to show.", tower=type(visual).__name__
    )
