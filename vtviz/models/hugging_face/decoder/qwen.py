"""Qwen2.5-VL and Qwen3-VL, whose input has any number of rows and columns (arXiv 2502.13923, 2511.21631)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from vtviz.models.hugging_face.decoder.model import DecoderModel
from vtviz.models.hugging_face.decoder.passage import Passage


class QwenModel(DecoderModel):
    """``Qwen2_5_VLForConditionalGeneration`` and ``Qwen3VLForConditionalGeneration``. The latter's photo also joins the
    first layers of the language model (DeepStack)."""

    def _photo(self, pixels: Tensor) -> Tensor:
        layout: Any = self.layout
        squares = layout.pictures(pixels)
        grid = torch.tensor([[1, layout.rows * layout.merge, layout.columns * layout.merge]], device=self.device)
        found = self.network.get_image_features(squares.flatten(0, 1), grid.expand(len(pixels), -1))
        first = torch.stack(list(found.pooler_output))
        deeper = [torch.stack(list(layer)) for layer in getattr(found, "deepstack_features", None) or []]
        return torch.cat([first, *deeper], dim=-1)

    def decode(self, passage: Passage, keep: int, **cache: Any) -> Any:
        if not passage.deeper.numel():
            return super().decode(passage, keep, **cache)
        at_photo = torch.zeros_like(passage.mask, dtype=torch.bool)
        at_photo[:, passage.spots] = True
        answer = self.network.model.language_model(
            inputs_embeds=passage.vectors,
            attention_mask=passage.mask,
            position_ids=passage.positions,
            visual_pos_masks=at_photo,
            deepstack_visual_embeds=[
                layer.flatten(0, 1) for layer in passage.deeper.split(passage.vectors.shape[-1], dim=-1)
            ],
            **cache,
        )
        logits = self.network.lm_head(answer.last_hidden_state[:, -keep:])
        return SimpleNamespace(logits=logits, cache=answer.cache)
