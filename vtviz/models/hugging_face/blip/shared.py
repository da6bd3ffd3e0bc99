"""What BLIP's models share: the image tower, and which of their modules attend to what."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import torch
from torch import Tensor, nn
from transformers.models.blip.modeling_blip import BlipAttention
from transformers.models.blip.modeling_blip_text import BlipTextSelfAttention

from vtviz.models.base import EncodedText
from vtviz.models.hugging_face.attention import Place
from vtviz.models.hugging_face.base import TransformersModel
from vtviz.models.hugging_face.parts import Parts

BLOCK = 8  # whose cross-attention ALBEF's authors show


class BlipModel(TransformersModel):
    """A BLIP network, whose ``reads`` names the part that attends to the photo."""

    reads = "text_encoder"

    def __init__(self, parts: Parts) -> None:
        config = parts.network.config
        vision, text = config.vision_config, config.text_config
        side, patch = int(vision.image_size), int(vision.patch_size)
        grid = (side // patch, side // patch)
        super().__init__(parts, grid, (patch, patch), (side, side), int(text.max_position_embeddings))
        self._show_layer(BLOCK, int(text.num_hidden_layers))

    @property
    def words(self) -> nn.Module:
        words: nn.Module = self.network.get_submodule(self.reads).get_input_embeddings()
        return words

    def layers(self) -> Mapping[str, Place]:
        return self._layers

    @cached_property
    def _layers(self) -> dict[str, Place]:
        places: dict[str, Place] = {}
        for name, module in self.network.named_modules():
            if isinstance(module, BlipAttention):
                places[name] = "image"
            elif isinstance(module, BlipTextSelfAttention) and name.startswith(self.reads):
                places[name] = "text→image" if ".crossattention." in name else "text"
        return places

    def photo(self, pixels: Tensor, count: int) -> Tensor:
        """What the text part attends to, ``[count, 1 + patches, width]``."""
        states: Tensor = self.network.vision_model(pixel_values=pixels).last_hidden_state
        return states.expand(count, -1, -1)

    def read(self, text: EncodedText, photo: Tensor | None) -> Tensor:
        """The last layer's states ``[n, T, width]`` of the text encoder, which attends to the photo where it is
        given."""
        seen = None if photo is None else torch.ones(photo.shape[:2], dtype=torch.long, device=photo.device)
        states: Tensor = self.network.text_encoder(
            input_ids=text.ids,
            attention_mask=text.mask.long(),
            encoder_hidden_states=photo,
            encoder_attention_mask=seen,
        ).last_hidden_state
        return states
