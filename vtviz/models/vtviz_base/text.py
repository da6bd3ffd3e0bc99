"""The text side: MiniLM's embeddings and lower layers, and pieces that were added to its vocabulary.

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


class WordTable(nn.Embedding):
    """The vectors of word pieces: MiniLM's, and those of ``grown`` pieces whose ids follow."""

    def __init__(self, grown: int) -> None:
        super().__init__(VOCABULARY, WIDTH)
        self.register_parameter("grown", nn.Parameter(torch.zeros(grown, WIDTH)) if grown else None)
        self.grown: nn.Parameter | None

    def forward(self, ids: Tensor) -> Tensor:
        if self.grown is None:
            return super().forward(ids)
        old = super().forward(ids.clamp(max=VOCABULARY - 1))
        new = F.embedding((ids - VOCABULARY).clamp(min=0), self.grown)
        return torch.where((ids < VOCABULARY)[..., None], old, new)


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

    def __init__(self, layers: int, grown: int = 0) -> None:
        super().__init__()
        self.words = WordTable(grown)
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
