"""The heads that write: a causal decoder for captions, and a decoder over a question that chooses an answer.

Both read the patches by cross-attention, so every generated word and every word of a question has its map.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vtviz.models.attention import Attention, KeysValues
from vtviz.models.vtviz_base.fusion import FeedForward

CAPTION_PIECES = 28  # the longest caption, with its start and end
DROPOUT = 0.2


class DecoderLayer(nn.Module):
    """Pre-norm self-attention over the words, cross-attention to the patches, feed-forward (Vaswani et al., 2017)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.words_norm = nn.LayerNorm(width)
        self.words = Attention(width, heads, "text")
        self.patches_norm = nn.LayerNorm(width)
        self.patches = Attention(width, heads, "text→image")
        self.feed_forward = FeedForward(width)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor, memory: KeysValues, mask: Tensor) -> Tensor:
        """Words ``[photos * n, T, width]`` over the patches of ``photos`` photos, n texts for each in turn.

        The texts of a photo are one long sequence of queries to its patches, whose keys and values are kept once; the
        recorded weights are ``[photos, heads, n * T, patches]``.
        """
        normed = self.words_norm(x)
        x = x + self.dropout(self.words(normed, normed, mask))
        queries = self.patches_norm(x).reshape(len(memory[0]), -1, x.shape[-1])
        x = x + self.dropout(self.patches(queries, memory).view_as(x))
        return x + self.dropout(self.feed_forward(x))


class Decoder(nn.Module):
    """Decoder layers, and what they read of a photo: its encoded patches beside the backbone's features."""

    def __init__(self, channels: int, width: int, heads: int, layers: int) -> None:
        super().__init__()
        self.features_in = nn.Linear(channels, width)
        self.memory_norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(DecoderLayer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def read(self, features: Tensor, patches: Tensor) -> list[KeysValues]:
        """Keys and values for every layer, of ``features [photos, n, channels]`` and ``patches [photos, n, width]``."""
        memory = self.memory_norm(patches + self.features_in(features))
        return [layer.patches.project(memory) for layer in self.layers if isinstance(layer, DecoderLayer)]

    def forward(self, x: Tensor, memory: Sequence[KeysValues], mask: Tensor) -> Tensor:
        for layer, patches in zip(self.layers, memory, strict=True):
            x = layer(x, patches, mask)
        return self.norm(x)


class CaptionHead(nn.Module):
    """Predicts the next piece of a caption. ``pieces [n]`` are the tokenizer's ids of the pieces it can write; the
    first two start and end a caption."""

    def __init__(self, channels: int, width: int, heads: int, layers: int, pieces: int) -> None:
        super().__init__()
        self.decoder = Decoder(channels, width, heads, layers)
        self.words = nn.Embedding(pieces, width)
        self.positions = nn.Embedding(CAPTION_PIECES, width)
        self.bias = nn.Parameter(torch.zeros(pieces))
        self.dropout = nn.Dropout(DROPOUT)
        for embedding in (self.words, self.positions):
            nn.init.normal_(embedding.weight, std=0.05)
        self.pieces: Tensor
        self.register_buffer("pieces", torch.zeros(pieces, dtype=torch.int32))

    def forward(self, memory: Sequence[KeysValues], chosen: Tensor) -> Tensor:
        """Logits ``[texts, T, pieces]`` of the piece after each of ``chosen [texts, T]`` (numbers into ``pieces``)."""
        length = chosen.shape[1]
        steps = torch.arange(length, device=chosen.device)
        x = self.dropout(self.words(chosen) + self.positions(steps))
        before = (steps[None, :] <= steps[:, None]).expand(len(chosen), -1, -1)
        return self.decoder(x, memory, before) @ self.words.weight.T + self.bias


class AnswerHead(nn.Module):
    """Chooses an answer to a question from a closed list (as in Antol et al., "VQA", ICCV 2015)."""

    def __init__(self, channels: int, width: int, heads: int, layers: int, answers: int) -> None:
        super().__init__()
        self.decoder = Decoder(channels, width, heads, layers)
        self.dropout = nn.Dropout(DROPOUT)
        self.output = nn.Linear(width, answers)

    def forward(self, memory: Sequence[KeysValues], words: Tensor, mask: Tensor) -> Tensor:
        """Logits ``[texts, answers]`` for encoded questions, ``words [texts, T, width]`` and ``mask [texts, T]``."""
        return self.output(self.dropout(self.decoder(words, memory, mask)[:, 0]))
