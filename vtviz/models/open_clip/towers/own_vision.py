"""open_clip's own vision transformer, read patch by patch."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from open_clip.transformer import VisionTransformer
from torch import Tensor

from vtviz.models.base import ModelError
from vtviz.models.open_clip.towers.attention import (
    output_multihead,
    project_multihead,
    value_projection,
)
from vtviz.models.open_clip.towers.vision_tower import VisionTower


class OwnVision(VisionTower):
    """``open_clip.transformer.VisionTransformer``, with CoCa's attentional pooler too, whose query 0 is contrastive."""

    offset = 1

    def __init__(self, visual: VisionTransformer) -> None:
        if visual.attn_pool is not None and visual.attn_pool_contrastive is not None:
            raise ModelError(
                "vtviz does not support image encoders with two attentional poolers; choose another model."
            )
        self.visual = visual
        self.layers = list(visual.transformer.resblocks)
        self.takes_registers = visual.attn_pool is None and visual.pool_type == "tok"
        self.ends_in_mean = visual.attn_pool is None
        self.grid, self.patch, self.size = visual.grid_size, visual.patch_size, visual.image_size

    def tokens(self, pixels: Tensor) -> Tensor:
        out: Tensor = self.visual.transformer(self._joined(self.visual._embeds(pixels)))
        return out

    def pooled(self, tokens: Tensor) -> Tensor:
        pooled: Tensor = self.visual._pool(tokens)[0]
        return self._projected(pooled)

    def ended(self, tokens: Tensor) -> Tensor:
        if self.visual.attn_pool is not None:
            return self.pooled(tokens)
        return self._projected(self.visual.ln_post(self._own(tokens).mean(dim=1)))

    def patches(self, tokens: Tensor) -> Tensor:
        if self.visual.attn_pool is None:
            return self._projected(self.visual.ln_post(tokens[:, self.offset :]))
        return self._projected(self.alone(tokens)[:, 1:])

    def alone(self, tokens: Tensor) -> Tensor:
        """What the attentional pooler would give if it attended to one token only, ``[batch, n, width]``."""
        pooler: Any = self.visual.attn_pool
        values = F.linear(pooler.ln_k(tokens), *value_projection(pooler.attn))
        out: Tensor = self.visual.ln_post(pooler.attn.out_proj(values))
        return out

    def pool(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """What the attentional pooler gives, ``[batch, queries, width]``, and its weights ``[batch, queries, n]``, the
        mean of its heads."""
        pooler: Any = self.visual.attn_pool
        keys = pooler.ln_k(tokens)
        queries = pooler.ln_q(pooler.query)[None].expand(len(tokens), -1, -1)
        heads = project_multihead(pooler.attn, queries, keys, keys)
        weights = heads.weights()
        pooled = output_multihead(pooler.attn, heads.mixed_by(weights))[0]
        return self.visual.ln_post(pooled), weights.mean(dim=1)

    def readout(self, tokens: Tensor) -> Tensor:
        weights = self.pool(tokens)[1]
        return weights[:, 0] if self.visual.pool_type == "tok" else weights[:, 1:].mean(dim=1)

    def fixed_readout(self) -> Tensor | None:
        if self.visual.attn_pool is not None:
            return None
        return self._all(0, 1) if self.visual.pool_type == "tok" else self._all(1)

    def _projected(self, x: Tensor) -> Tensor:
        return x if self.visual.proj is None else x @ self.visual.proj
