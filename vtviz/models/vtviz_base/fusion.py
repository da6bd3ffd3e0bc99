"""Cross-attention in both directions, fusion, and self-attention over the joined sequence."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vtviz.models.attention import Attention


class FeedForward(nn.Sequential):
    """Layer norm, then two linear layers with a GELU between, twice as wide inside."""

    def __init__(self, width: int) -> None:
        super().__init__(nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))


class SelfAttentionLayer(nn.Module):
    """One pre-norm transformer layer over one sequence."""

    def __init__(self, attention: Attention, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = attention
        self.feed_forward = FeedForward(width)

    def forward(self, x: Tensor, mask: Tensor | None = None, wanted: int | None = None) -> Tensor:
        """The sequence ``x [batch, n, width]`` one layer on, or only the first ``wanted`` of it, which is cheaper."""
        normed = self.norm(x)
        x = x[:, :wanted] + self.attention(normed[:, :wanted], normed, mask)
        return x + self.feed_forward(x)


class CrossAttentionSide(nn.Module):
    """One side of a fusion block: it attends to the other side and lets a gate say how much of that to add."""

    def __init__(self, attention: Attention, width: int) -> None:
        super().__init__()
        self.attention = attention
        self.gate = nn.Linear(2 * width, width)
        self.feed_forward = FeedForward(width)

    def forward(self, x: Tensor, normed: Tensor, other: Tensor, mask: Tensor | None = None) -> Tensor:
        attended = self.attention(normed, other, mask)
        x = x + torch.sigmoid(self.gate(torch.cat([normed, attended], dim=-1))) * attended
        return x + self.feed_forward(x)


class FusionBlock(nn.Module):
    """Text attends to patches and patches attend to text, from the same inputs."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.text_norm = nn.LayerNorm(width)
        self.image_norm = nn.LayerNorm(width)
        self.text = CrossAttentionSide(Attention(width, heads, "text→image"), width)
        self.image = CrossAttentionSide(Attention(width, heads, "image→text"), width)

    def forward(self, text: Tensor, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        text_normed, image_normed = self.text_norm(text), self.image_norm(image)
        return self.text(text, text_normed, image_normed), self.image(image, image_normed, text_normed, mask)
