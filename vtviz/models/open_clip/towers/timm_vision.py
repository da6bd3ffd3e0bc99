"""The vision transformers of timm, read patch by patch."""

from __future__ import annotations

from typing import Any

import torch
from open_clip.timm_model import TimmModel
from timm.models.eva import Eva
from torch import Tensor

from vtviz.models.base import ModelError
from vtviz.models.open_clip.towers.attention import (
    WRITTEN,
)
from vtviz.models.open_clip.towers.vision_tower import VisionTower


class TimmVision(VisionTower):
    """A vision transformer of timm, as in SigLIP and EVA."""

    def __init__(self, visual: TimmModel) -> None:
        self.visual: Any = visual
        self.trunk: Any = visual.trunk
        embed: Any = getattr(self.trunk, "patch_embed", None)
        if not hasattr(self.trunk, "blocks") or getattr(embed, "grid_size", None) is None:
            raise ModelError(
                "The image tower {tower} is not a plain vision transformer.", tower=type(self.trunk).__name__
            )
        self.layers = list(self.trunk.blocks)
        if any(type(getattr(layer, "attn", None)) not in WRITTEN for layer in self.layers):
            raise ModelError(
                "vtviz cannot read the attention of the image tower {tower}.", tower=type(self.trunk).__name__
            )
        self.grid, self.patch, self.size = embed.grid_size, embed.patch_size, embed.img_size
        self.offset = int(self.trunk.num_prefix_tokens)

    def tokens(self, pixels: Tensor) -> Tensor:
        out: Tensor = self.trunk.forward_features(pixels)
        return out

    def pooled(self, tokens: Tensor) -> Tensor:
        out: Tensor = self.visual.head(self.trunk.forward_head(tokens))
        return out

    def ended(self, tokens: Tensor) -> Tensor:
        normed = self.trunk.norm(tokens)
        return self.pooled(normed) if self.trunk.attn_pool is not None else self._headed(normed.mean(dim=1))

    def patches(self, tokens: Tensor) -> Tensor:
        batch, count = len(tokens), tokens.shape[1] - self.offset
        single = tokens[:, self.offset :].flatten(0, 1)
        if self.trunk.attn_pool is not None:
            single = self.trunk.attn_pool(single[:, None])
        return self._headed(single).unflatten(0, (batch, count))

    def surgery_tokens(self, pixels: Tensor) -> Tensor:
        out: Tensor = self.trunk.norm(super().surgery_tokens(pixels))
        return out

    def _headed(self, pooled: Tensor) -> Tensor:
        out: Tensor = self.visual.head(self.trunk.head(self.trunk.head_drop(self.trunk.fc_norm(pooled))))
        return out

    @property
    def _first(self) -> int:
        """The first token that is pooled: timm's EVA hands its pooler all of them."""
        everything = isinstance(self.trunk, Eva) and self.trunk.attn_pool is not None
        return 0 if everything or getattr(self.trunk, "pool_include_prefix", False) else self.offset

    def readout(self, tokens: Tensor) -> Tensor:
        pooler, read = self.trunk.attn_pool, torch.zeros(tokens.shape[:2], device=tokens.device)
        x = tokens[:, self._first :]
        x = x if pooler.pos_embed is None else x + pooler.pos_embed[None].to(x.dtype)
        query = pooler.q(pooler.latent).unflatten(-1, (pooler.num_heads, -1)).transpose(1, 2)
        key = pooler.kv(x).chunk(2, dim=-1)[0].unflatten(-1, (pooler.num_heads, -1)).transpose(1, 2)
        scores = pooler.q_norm(query) @ pooler.k_norm(key).transpose(-1, -2) * pooler.scale
        read[:, self._first :] = scores.float().softmax(dim=-1).mean(dim=(1, 2))
        return read

    def fixed_readout(self) -> Tensor | None:
        if self.trunk.attn_pool is not None:
            return None
        return self._all(0, 1) if self.trunk.global_pool == "token" else self._all(self._first)
