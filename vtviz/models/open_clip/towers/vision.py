"""Image towers: open_clip's own vision transformer and those of timm, read patch by patch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from open_clip.timm_model import TimmModel
from open_clip.transformer import VisionTransformer
from timm.models.eva import Eva
from torch import Tensor, nn

from vtviz.models.attention import Heads
from vtviz.models.base import ModelError
from vtviz.models.open_clip.towers.attention import (
    WRITTEN,
    output_multihead,
    project_multihead,
    run_written,
    value_projection,
)

SURGERY_LAYERS = 6  # as in the authors' code


class VisionTower:
    """A vision transformer that turns ``pixels [batch, 3, height, width]`` into one vector and one for each patch.

    ``offset`` tokens stand before the first patch; ``size`` is the input's height and width, of which the patches cover
    ``covered``.
    """

    blocks: list[Any]
    grid: tuple[int, int]
    offset: int
    size: tuple[int, int]
    patch: tuple[int, int]

    @property
    def covered(self) -> tuple[int, int]:
        return self.grid[0] * self.patch[0], self.grid[1] * self.patch[1]

    def tokens(self, pixels: Tensor) -> Tensor:
        """What the last block gives, ``[batch, offset + patches, width]``."""
        raise NotImplementedError

    def pooled(self, tokens: Tensor) -> Tensor:
        """One vector ``[batch, channels]`` of the joint space, not yet of unit length."""
        raise NotImplementedError

    def patches(self, tokens: Tensor) -> Tensor:
        """What the one vector would be if each patch stood alone, ``[batch, patches, channels]``."""
        raise NotImplementedError

    def ended(self, tokens: Tensor) -> Tensor:
        """One vector ``[batch, channels]`` as if the tower ended after a block that gives ``tokens``: of the mean of
        all of them, or by the tower's attentional pooler."""
        raise NotImplementedError

    @contextmanager
    def block_outputs(self) -> Iterator[list[Tensor]]:
        """What each block gives in this thread inside the ``with``, ``[batch, offset + patches, width]``."""
        outputs: list[Tensor] = []
        owner = threading.get_ident()

        def keep(module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            if threading.get_ident() == owner:
                outputs.append(output)

        handles = [block.register_forward_hook(keep) for block in self.blocks]
        try:
            yield outputs
        finally:
            for handle in handles:
                handle.remove()

    def readout(self, tokens: Tensor) -> Tensor:
        """How much the one vector reads each token, ``[batch, offset + patches]``; each row sums to 1."""
        raise NotImplementedError

    def fixed_readout(self) -> Tensor | None:
        """The same ``[offset + patches]`` where it is that of every photo, or None where a pooler attends."""
        raise NotImplementedError

    def _all(self, first: int, last: int | None = None) -> Tensor:
        read = torch.zeros(self.offset + self.grid[0] * self.grid[1])
        read[first:last] = 1.0
        return read / read.sum()

    def surgery_tokens(self, pixels: Tensor) -> Tensor:
        """Tokens of a path of value–value attention along the last blocks, without their feed-forward parts (Li et al.,
        "CLIP Surgery for Better Explainability", 2023)."""
        chosen = self.blocks[-SURGERY_LAYERS:]
        inputs: dict[nn.Module, Tensor] = {}

        def keep(module: nn.Module, args: tuple[Tensor, ...]) -> None:
            inputs[module] = args[0]

        handles = [block.register_forward_pre_hook(keep) for block in chosen]
        try:
            self.tokens(pixels)
        finally:
            for handle in handles:
                handle.remove()
        path = inputs[chosen[0]]
        for block in chosen:
            path = path + self._of_values(block, inputs[block])
        return path

    def _of_values(self, block: Any, x: Tensor) -> Tensor:
        normed = (block.ln_1 if hasattr(block, "ln_1") else block.norm1)(x)
        many = isinstance(block.attn, nn.MultiheadAttention)
        inputs = (normed, normed, normed) if many else (normed,)
        out = run_written(block.attn, _value_value, *inputs)
        scaled: Callable[[Tensor], Tensor] = (
            getattr(block, "ls_1", None) or getattr(block, "ls1", None) or nn.Identity()
        )
        gamma = getattr(block, "gamma_1", None)  # as timm's EVA scales
        mixed = scaled(out[0] if many else out)
        return mixed if gamma is None else gamma * mixed


def _value_value(heads: Heads) -> Tensor:
    return F.scaled_dot_product_attention(heads.value, heads.value, heads.value)


class OwnVision(VisionTower):
    """``open_clip.transformer.VisionTransformer``, with CoCa's attentional pooler too, whose query 0 is contrastive."""

    offset = 1

    def __init__(self, visual: VisionTransformer) -> None:
        if visual.attn_pool is not None and visual.attn_pool_contrastive is not None:
            raise ModelError("vtviz does not support image towers with two attentional poolers; choose another model.")
        self.visual = visual
        self.blocks = list(visual.transformer.resblocks)
        self.grid, self.patch, self.size = visual.grid_size, visual.patch_size, visual.image_size

    def tokens(self, pixels: Tensor) -> Tensor:
        out: Tensor = self.visual.transformer(self.visual._embeds(pixels))
        return out

    def pooled(self, tokens: Tensor) -> Tensor:
        pooled: Tensor = self.visual._pool(tokens)[0]
        return self._projected(pooled)

    def ended(self, tokens: Tensor) -> Tensor:
        if self.visual.attn_pool is not None:
            return self.pooled(tokens)
        return self._projected(self.visual.ln_post(tokens.mean(dim=1)))

    def patches(self, tokens: Tensor) -> Tensor:
        if self.visual.attn_pool is None:
            return self._projected(self.visual.ln_post(tokens[:, 1:]))
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


class TimmVision(VisionTower):
    """A vision transformer of timm, as in SigLIP and EVA."""

    def __init__(self, visual: TimmModel) -> None:
        self.visual: Any = visual
        self.trunk: Any = visual.trunk
        embed: Any = getattr(self.trunk, "patch_embed", None)
        if not hasattr(self.trunk, "blocks") or getattr(embed, "grid_size", None) is None:
            raise ModelError(
                "vtviz supports only plain vision transformers, not the image tower {tower}; choose another model.",
                tower=type(self.trunk).__name__,
            )
        self.blocks = list(self.trunk.blocks)
        if any(type(getattr(block, "attn", None)) not in WRITTEN for block in self.blocks):
            raise ModelError(
                "vtviz cannot read the attention of the image tower {tower}; choose another model.",
                tower=type(self.trunk).__name__,
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
        "The image tower {tower} is not a vision transformer, so it has no attention to show; choose another model.",
        tower=type(visual).__name__,
    )
