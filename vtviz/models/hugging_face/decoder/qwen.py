"""Qwen2.5-VL and Qwen3-VL, whose input has any number of rows and columns (arXiv 2502.13923, 2511.21631)."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from vtviz.models.hugging_face.decoder.layouts import Layout
from vtviz.models.hugging_face.decoder.model import DecoderModel
from vtviz.models.hugging_face.decoder.passage import Passage
from vtviz.models.hugging_face.parts import Parts

SIDE = 16  # patches a side, where the name asks for no other grid


@dataclass(frozen=True)
class GridLayout(Layout):
    """A photo as ``rows`` × ``columns`` tokens, each merged from ``merge`` × ``merge`` squares of the network's own,
    ``frames`` times in time; ``pixels`` and ``side`` are those of a single token."""

    rows: int = 1
    columns: int = 1
    merge: int = 2
    frames: int = 2

    @property
    def size(self) -> tuple[int, int]:
        return self.rows * self.pixels, self.columns * self.pixels

    @property
    def grid(self) -> tuple[int, int]:
        return self.rows, self.columns

    def pictures(self, pixels: Tensor) -> Tensor:
        """The squares ``[batch, n, 3 * frames * side * side]`` of inputs, those of a token side by side."""
        small = self.pixels // self.merge
        parts = pixels.unflatten(3, (self.columns, self.merge, small)).unflatten(2, (self.rows, self.merge, small))
        squares = parts.permute(0, 2, 5, 3, 6, 1, 4, 7)  # [batch, rows, columns, merge, merge, 3, small, small]
        return squares.unsqueeze(6).expand(*[-1] * 6, self.frames, -1, -1).flatten(5).flatten(1, 4)

    def order(self) -> Tensor:
        return torch.arange(self.rows * self.columns)

    def positions(self, mask: Tensor, start: int) -> Tensor:
        """Positions ``[3, n, T]`` in time, down and across; text after the photo goes on behind its longer side."""
        order = (mask.cumsum(dim=1) - 1).clamp_min(0)
        count = self.rows * self.columns
        later = torch.arange(mask.shape[1], device=mask.device) >= start + count
        order = torch.where(later, order - count + max(self.rows, self.columns), order)
        positions = order.expand(3, *order.shape).clone()
        index = torch.arange(count, device=mask.device)
        places = torch.stack([torch.zeros_like(index), index // self.columns, index % self.columns])
        positions[:, :, start : start + count] = start + places[:, None]
        return positions


class QwenModel(DecoderModel):
    """``Qwen2_5_VLForConditionalGeneration`` and ``Qwen3VLForConditionalGeneration``. The latter's photo also joins the
    first layers of the language model (DeepStack)."""

    def _layout(self, parts: Parts, settings: dict[str, Any]) -> GridLayout:
        config = parts.network.config
        vision, token = config.vision_config, parts.tokenizer.convert_ids_to_tokens(config.image_token_id)
        merge, pixels = int(vision.spatial_merge_size), int(vision.patch_size) * int(vision.spatial_merge_size)
        rows, columns = parts.grid or _usual(settings, pixels)
        frames = int(vision.temporal_patch_size)
        written = token * (rows * columns)
        return GridLayout(token, written, pixels, 1, rows=rows, columns=columns, merge=merge, frames=frames)

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


def _usual(settings: dict[str, Any], pixels: int) -> tuple[int, int]:
    """The rows and columns of a square input, within the most pixels that a model's settings allow."""
    most = (settings.get("size") or {}).get("longest_edge") or settings.get("max_pixels")
    side = SIDE if not most else max(1, min(SIDE, isqrt(int(most)) // pixels))
    return side, side
