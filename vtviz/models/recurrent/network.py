"""The textbook's fusion network: two LSTMs, dot-product cross-attention, concatenation, sigmoid.

Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vtviz.models.attention import Attention, KeysValues
from vtviz.models.vtviz_base.backbone import STRIDE, PatchBackbone

PAD, UNKNOWN = 0, 1  # ids of no word, and of a word that training did not show
FIRST = 2  # id of the first word of the vocabulary


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network: ``image_size`` in pixels; ``pool`` × ``pool`` patches of the backbone are one; ``words``
    counts those of the vocabulary, padding and the unknown word too. ``dropout`` is for training."""

    words: int
    word_width: int = 384
    width: int = 256
    heads: int = 4
    image_size: int = 320
    pool: int = 2
    dropout: float = 0.2

    @property
    def side(self) -> int:
        """Patches along one side of the image."""
        return self.image_size // STRIDE // self.pool


@dataclass(frozen=True)
class Encoded:
    """One side before fusion: the LSTM's ``states [batch, n, width]``, ``mask [batch, n]``, which is True for what is
    real, and unit vectors ``pooled [batch, width]`` for search."""

    states: Tensor
    mask: Tensor
    pooled: Tensor

    def __getitem__(self, rows: Tensor | slice) -> Encoded:
        return Encoded(self.states[rows], self.mask[rows], self.pooled[rows])


class Reader(nn.Module):
    """An LSTM over a sequence. Its input is added to its states, so that a state says where it is too."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, width, batch_first=True)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """A sequence ``[batch, n, width]`` to states of the same shape; each depends on what stands before it."""
        # cuDNN gives gradients of an LSTM in training mode alone; heatmaps need them in evaluation mode.
        own = x.is_cuda and torch.is_grad_enabled() and not self.training
        with torch.backends.cudnn.flags(enabled=False) if own else nullcontext():
            states, _ = self.lstm(x)
        return self.norm(x + states)


class PooledBackbone(PatchBackbone):
    """vtviz-base's image features, ``pool`` × ``pool`` patches as one."""

    def __init__(self, pool: int) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, pixels: Tensor) -> Tensor:
        """Pixels ``[batch, 3, H, W]`` in -1..1 to features ``[batch, patches, channels]``, row by row."""
        return pooled_patches(super().forward(pixels), self.pool)


class RecurrentNetwork(nn.Module):
    """Words → LSTM; patches, row by row → LSTM; each word's state attends to the patches' states; both are concatenated
    (with their product), and pooled over the words; a sigmoid says how likely text and photo match."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.backbone = PooledBackbone(config.pool)
        self.image_in = nn.Sequential(
            nn.LayerNorm(self.backbone.channels),
            nn.Linear(self.backbone.channels, 2 * width),
            nn.GELU(),
            nn.Linear(2 * width, width),
        )
        self.image_positions = nn.Parameter(torch.randn(config.side**2, width) * 0.02)
        self.image_reader = Reader(width)
        self.words = nn.Embedding(config.words, config.word_width, padding_idx=PAD)
        self.text_in = nn.Linear(config.word_width, width)
        self.text_reader = Reader(width)
        self.drop = nn.Dropout(config.dropout)
        self.attention = Attention(width, config.heads, "text→image")
        self.fusion = nn.Sequential(nn.Linear(3 * width, width), nn.GELU())
        self.match_head = nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, 1))
        self.image_pooled = nn.Linear(width, width)
        self.text_pooled = nn.Linear(width, width)
        self.similarity_scale = nn.Parameter(torch.tensor(2.5))  # log
        self.calibration: Tensor
        self.register_buffer("calibration", torch.tensor([1.0, 0.0]))  # scale and shift of the match logit

    def patches(self, pixels: Tensor) -> Tensor:
        """Pixels ``[batch, 3, H, W]`` in -1..1 to features ``[batch, patches, channels]``, row by row."""
        features: Tensor = self.backbone(pixels)
        return features

    def read_image(self, features: Tensor) -> Encoded:
        """Features ``[batch, patches, channels]`` to states."""
        x = self.image_in(features) + self.image_positions
        states = self.image_reader(self.drop(x))
        mask = torch.ones(states.shape[:2], dtype=torch.bool, device=states.device)
        return Encoded(states, mask, unit(self.image_pooled(states.mean(dim=1))))

    def read_text(self, ids: Tensor, mask: Tensor) -> Encoded:
        """Word ids and mask ``[batch, T]`` to states."""
        states = self.text_reader(self.drop(self.text_in(self.words(ids))))
        return Encoded(states, mask, unit(self.text_pooled(mean_over(states, mask))))

    def match(self, text: Encoded, image: Tensor | KeysValues) -> Tensor:
        """Calibrated match logit ``[batch]`` of text i with image i: its states ``[batch, patches, width]``, or what
        the attention's ``project`` made of them."""
        attended = self.attention(text.states, image)
        joined = torch.cat([text.states, attended, text.states * attended], dim=-1)
        fused = self.drop(self.fusion(joined))
        logit = self.match_head(torch.cat([mean_over(fused, text.mask), most_of(fused, text.mask)], dim=-1))
        logit = logit.squeeze(-1).float()
        return self.calibration[0] * logit + self.calibration[1]

    def similarity(self, text: Encoded, image: Encoded) -> Tensor:
        """Similarity ``[texts, images]`` of every text with every image: the scaled cosine of their pooled vectors."""
        return self.similarity_scale.exp() * (text.pooled @ image.pooled.T)

    def paired_similarity(self, text: Encoded, image: Encoded) -> Tensor:
        """Similarity ``[batch]`` of text i with image i."""
        return self.similarity_scale.exp() * (text.pooled * image.pooled).sum(dim=-1)


def pooled_patches(features: Tensor, pool: int) -> Tensor:
    """The means of ``pool`` × ``pool`` neighbours of a square of patches: ``[batch, patches / pool², channels]`` of
    ``features [batch, patches, channels]``."""
    batch, patches, channels = features.shape
    side = round(patches**0.5)
    grid = features.transpose(1, 2).reshape(batch, channels, side, side)
    return F.avg_pool2d(grid, pool).flatten(2).transpose(1, 2)


def mean_over(values: Tensor, mask: Tensor) -> Tensor:
    """The mean ``[batch, width]`` of the real ones of ``values [batch, n, width]``."""
    weights = mask.to(values.dtype)
    return (values * weights[..., None]).sum(dim=1) / weights.sum(dim=1, keepdim=True).clamp_min(1.0)


def most_of(values: Tensor, mask: Tensor) -> Tensor:
    """The largest ``[batch, width]`` of the real ones of ``values [batch, n, width]``; zeros where none is real."""
    low = torch.finfo(values.dtype).min
    highest = values.masked_fill(~mask[..., None], low).amax(dim=1)
    return torch.where(mask.any(dim=1, keepdim=True), highest, torch.zeros_like(highest))


def unit(vectors: Tensor) -> Tensor:
    """Vectors ``[batch, width]`` of length 1, in float32."""
    return F.normalize(vectors.float(), dim=-1)
