"""The towers of transformers' dual encoders, read as those of open_clip are."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.models.base import EncodedText
from vtviz.models.open_clip.towers.text_tower import TextTower
from vtviz.models.open_clip.towers.vision_tower import VisionTower


class TransformersVision(VisionTower):
    """The vision transformer of CLIP and its kin, whose class token is projected, or that of SigLIP, whose patches an
    attentional pooler reads."""

    def __init__(self, network: Any) -> None:
        config = network.config.vision_config
        side, patch = int(config.image_size), int(config.patch_size)
        self.visual: Any = network.vision_model
        self.projection: Any = getattr(network, "visual_projection", None)
        self.layers = list(self.visual.encoder.layers)
        self.pooler: Any = getattr(self.visual, "head", None)
        self.grid, self.patch, self.size = (side // patch, side // patch), (patch, patch), (side, side)
        self.offset = 0 if self.pooler is not None else 1
        self.takes_registers = self.pooler is None
        self.ends_in_mean = self.pooler is None

    def tokens(self, pixels: Tensor) -> Tensor:
        """What the last layer gives; in SigLIP, normalised."""
        if self.has_register:
            embedded = self._joined(self.visual.pre_layrnorm(self.visual.embeddings(pixels)))
            joined: Tensor = self.visual.encoder(inputs_embeds=embedded).last_hidden_state
            return joined
        out: Tensor = self.visual(pixel_values=pixels).last_hidden_state
        return out

    def pooled(self, tokens: Tensor) -> Tensor:
        if self.pooler is not None:
            out: Tensor = self.pooler(tokens)
            return out
        return self._projected(tokens[:, 0])

    def ended(self, tokens: Tensor) -> Tensor:
        if self.pooler is not None:
            return self.pooled(self.visual.post_layernorm(tokens))
        return self._projected(self._own(tokens).mean(dim=1))

    def patches(self, tokens: Tensor) -> Tensor:
        if self.pooler is None:
            return self._projected(tokens[:, self.offset :])
        single: Tensor = self.pooler(tokens.flatten(0, 1)[:, None])
        return single.unflatten(0, tokens.shape[:2])

    def readout(self, tokens: Tensor) -> Tensor:
        probe = self.pooler.probe.expand(len(tokens), -1, -1)
        weights: Tensor = self.pooler.attention(probe, tokens, tokens, need_weights=True)[1]
        return weights[:, 0].float()

    def fixed_readout(self) -> Tensor | None:
        return None if self.pooler is not None else self._all(0, 1)

    def surgery_tokens(self, pixels: Tensor) -> Tensor:
        path = super().surgery_tokens(pixels)
        return path if self.pooler is None else self.visual.post_layernorm(path)

    def _of_values(self, layer: Any, x: Tensor) -> Tensor:
        own = layer.self_attn
        value = own.v_proj(layer.layer_norm1(x)).unflatten(-1, (own.num_heads, -1)).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(value, value, value)
        out: Tensor = own.out_proj(mixed.transpose(1, 2).flatten(2))
        return out

    def _projected(self, x: Tensor) -> Tensor:
        out: Tensor = self.projection(self.visual.post_layernorm(x))
        return out


class TransformersText(TextTower):
    """A text tower of CLIP (causal, read at the text's end), of SigLIP (read at its last position, padding and all), or
    a BERT (read at its first)."""

    def __init__(self, network: Any, pad_id: int) -> None:
        self.network, self.pad_id = network, pad_id
        self.words = network.text_model.get_input_embeddings()
        self.is_siglip = getattr(network, "logit_bias", None) is not None
        self.is_causal = not self.is_siglip and hasattr(network.text_model, "final_layer_norm")
        self.shortens = not self.is_siglip

    def vector(self, ids: Tensor) -> Tensor:
        mask = None if self.is_siglip or self.is_causal else (ids != self.pad_id).long()
        out: Tensor = self.network.get_text_features(input_ids=ids, attention_mask=mask).pooler_output
        return out

    def readout(self, text: EncodedText) -> Tensor:
        length = text.ids.shape[1]
        position = torch.zeros_like(text.ids[:, 0])
        if self.is_siglip:
            position = torch.full_like(position, length - 1)
        elif self.is_causal:
            position = text.mask.sum(dim=1) - 1
        return F.one_hot(position, length).float()
