"""The text side: MiniLM's embeddings and lower layers.

Wang et al., "MiniLM: Deep Self-Attention Distillation", NeurIPS 2020.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vtviz.models.attention import Attention

WIDTH = 384
HEADS = 12
VOCABULARY = 30522
POSITIONS = 64
EPSILON = 1e-12


class TextLayer(nn.Module):
    """One post-norm transformer layer (Devlin et al., "BERT", 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = Attention(WIDTH, HEADS, "text")
        self.attention_norm = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.expand = nn.Linear(WIDTH, 4 * WIDTH)
        self.contract = nn.Linear(4 * WIDTH, WIDTH)
        self.output_norm = nn.LayerNorm(WIDTH, eps=EPSILON)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.attention_norm(x + self.attention(x, x, mask))
        return self.output_norm(x + self.contract(F.gelu(self.expand(x))))


class TextTower(nn.Module):
    """Word pieces to contextual features."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.layers = nn.ModuleList(TextLayer() for _ in range(layers))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Ids ``[batch, T]`` and mask ``[batch, T]`` (True for a real token) to features ``[batch, T, WIDTH]``."""
        x = self.words(ids) + self.positions(torch.arange(ids.shape[1], device=ids.device))
        x = self.norm(x)
        for layer in self.layers:
            x = layer(x, mask)
        return x
