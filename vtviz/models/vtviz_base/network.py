"""The network of vtviz-base: features, cross-attention both ways, fusion, self-attention, heads."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vtviz.models.attention import Attention
from vtviz.models.vtviz_base.backbone import STRIDE, PatchBackbone
from vtviz.models.vtviz_base.fusion import FusionBlock, SelfAttentionLayer
from vtviz.models.vtviz_base.heads import AnswerHead, CaptionHead
from vtviz.models.vtviz_base.text import WIDTH as TEXT_WIDTH
from vtviz.models.vtviz_base.text import TextTower


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network; ``image_size`` in pixels, ``grown_pieces`` beside those of MiniLM. Without
    ``caption_pieces`` it writes no captions, without ``answers`` it answers no questions."""

    image_size: int = 320
    width: int = 256
    heads: int = 8
    text_layers: int = 3
    fusion_blocks: int = 3
    joint_layers: int = 1
    caption_layers: int = 3
    caption_pieces: int = 0
    answer_layers: int = 2
    answers: int = 0
    grown_pieces: int = 0

    @property
    def side(self) -> int:
        """Patches along one side of the image."""
        return self.image_size // STRIDE


@dataclass(frozen=True)
class Encoded:
    """One side before fusion: ``tokens [batch, n, width]``; for contrast the unit vectors ``local [batch, n, width]``
    with weights ``importance [batch, n]`` that sum to 1, and ``pooled [batch, width]``; ``mask [batch, n]``."""

    tokens: Tensor
    local: Tensor
    importance: Tensor
    pooled: Tensor
    mask: Tensor

    def __getitem__(self, rows: Tensor) -> Encoded:
        return Encoded(*(side[rows] for side in (self.tokens, self.local, self.importance, self.pooled, self.mask)))


class ContrastiveHead(nn.Module):
    """Unit vectors of tokens and of the whole sequence, and how much each token counts."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.local = nn.Linear(width, width)
        self.pooled = nn.Linear(width, width)
        self.importance = nn.Linear(width, 1)

    def forward(self, tokens: Tensor, mask: Tensor) -> Encoded:
        scores = self.importance(tokens).squeeze(-1).float().masked_fill(~mask, float("-inf"))
        importance = scores.softmax(dim=-1)
        mean = torch.einsum("bn,bnd->bd", importance.to(tokens.dtype), tokens)
        local = F.normalize(self.local(tokens).float(), dim=-1)
        pooled = F.normalize(self.pooled(mean).float(), dim=-1)
        return Encoded(tokens, local, importance, pooled, mask)


class FusionNetwork(nn.Module):
    """vtviz-base without its tokenizer and preprocessing."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        width, heads = config.width, config.heads
        self.backbone = PatchBackbone()
        self.image_in = nn.Sequential(
            nn.Linear(self.backbone.channels, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        self.image_positions = nn.Parameter(torch.randn(config.side**2, width) * 0.02)
        self.image_layer = SelfAttentionLayer(Attention(width, heads, "image"), width)
        self.image_norm = nn.LayerNorm(width)
        self.text_tower = TextTower(config.text_layers, config.grown_pieces)
        self.text_in = nn.Linear(TEXT_WIDTH, width)
        self.text_norm = nn.LayerNorm(width)
        self.image_contrast = ContrastiveHead(width)
        self.text_contrast = ContrastiveHead(width)
        self.similarity_scale = nn.Parameter(torch.tensor([2.3, 2.3, 2.3]))  # log; text→image, image→text, pooled
        self.blocks = nn.ModuleList(FusionBlock(width, heads) for _ in range(config.fusion_blocks))
        self.joint = nn.ModuleList(
            SelfAttentionLayer(Attention(width, heads, "fused"), width) for _ in range(config.joint_layers)
        )
        self.match_head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))
        self.match_similarity = nn.Parameter(torch.tensor(0.1))
        self.calibration: Tensor
        self.register_buffer("calibration", torch.tensor([1.0, 0.0]))  # scale and shift of the match logit
        sizes = (self.backbone.channels, width, heads)
        self.caption = (
            CaptionHead(*sizes, config.caption_layers, config.caption_pieces) if config.caption_pieces else None
        )
        self.answer = AnswerHead(*sizes, config.answer_layers, config.answers) if config.answers else None

    def encode_patches(self, features: Tensor, kept: Tensor | None = None) -> Encoded:
        """Backbone features ``[batch, patches, channels]``; ``kept [batch, n]`` says which patches they are (all)."""
        positions = self.image_positions if kept is None else self.image_positions[kept]
        tokens = self.image_norm(self.image_layer(self.image_in(features) + positions))
        mask = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        return self.image_contrast(tokens, mask)

    def surgery_patches(self, features: Tensor) -> Tensor:
        """Contrastive vectors ``[batch, patches, width]`` with value–value attention on the image layer's path, and
        without its feed-forward (Li et al., "CLIP Surgery", 2023)."""
        tokens = self.image_in(features) + self.image_positions
        attended = self.image_layer.attention.of_values(self.image_layer.norm(tokens))
        return F.normalize(self.image_contrast.local(self.image_norm(tokens + attended)).float(), dim=-1)

    def encode_text(self, ids: Tensor, mask: Tensor) -> Encoded:
        """Piece ids and mask ``[batch, T]``."""
        return self.text_contrast(self.text_norm(self.text_in(self.text_tower(ids, mask))), mask)

    def similarity(self, text: Encoded, image: Encoded) -> Tensor:
        """Similarity ``[texts, images]`` of every text with every image.

        Late interaction (Yao et al., "FILIP", ICLR 2022): each token's best counterpart, weighted by the token's
        importance, in both directions; and the cosine of the pooled vectors.
        """
        texts, words, _ = text.local.shape
        images, patches, _ = image.local.shape
        device = text.local.device.type
        with torch.autocast(device, torch.bfloat16, enabled=self.training and torch.is_autocast_enabled(device)):
            cosines = text.local.flatten(0, 1) @ image.local.flatten(0, 1).T
        cosines = cosines.view(texts, words, images, patches)
        to_image = (cosines.max(dim=3).values.float() * text.importance[:, :, None]).sum(dim=1)
        hidden = torch.zeros(texts, words, device=cosines.device, dtype=cosines.dtype).masked_fill(~text.mask, -2.0)
        best_words = (cosines + hidden[:, :, None, None]).max(dim=1).values.float()
        to_text = (best_words * image.importance).sum(dim=2)
        scale = self.similarity_scale.exp()
        with torch.autocast(device, enabled=False):
            return scale[0] * to_image + scale[1] * to_text + scale[2] * (text.pooled @ image.pooled.T)

    def paired_similarity(self, text: Encoded, image: Encoded) -> Tensor:
        """Similarity ``[batch]`` of text i with image i."""
        cosines = (text.local @ image.local.transpose(1, 2)).float()  # [batch, words, patches]
        to_image = (cosines.amax(dim=2) * text.importance).sum(dim=1)
        real = cosines.masked_fill(~text.mask[:, :, None], -1.0)
        to_text = (real.amax(dim=1) * image.importance).sum(dim=1)
        scale = self.similarity_scale.exp()
        return scale[0] * to_image + scale[1] * to_text + scale[2] * (text.pooled * image.pooled).sum(dim=-1)

    def match(self, text: Encoded, image: Encoded) -> Tensor:
        """Calibrated match logit ``[batch]`` of text i with image i: after fusion, and with the similarity's weight."""
        fused, similarity = self.match_parts(text, image)
        return self.calibration[0] * (fused + self.match_similarity * similarity) + self.calibration[1]

    def match_parts(self, text: Encoded, image: Encoded) -> tuple[Tensor, Tensor]:
        """What the match logit consists of, for text i with image i: what the match head reads after fusion, and the
        similarity before it, each ``[batch]``."""
        words, patches = text.tokens, image.tokens
        for block in self.blocks:
            words, patches = block(words, patches, text.mask)
        joined = torch.cat([words, patches], dim=1)
        mask = torch.cat([text.mask, image.mask], dim=1)
        for number, layer in enumerate(self.joint, 1):
            # Only [CLS] is read in the end; the rest of the last layer is computed for those who look at it.
            joined = layer(joined, mask, 1 if self.training and number == len(self.joint) else None)
        fused = self.match_head(joined[:, 0]).squeeze(-1).float()
        return fused, self.paired_similarity(text, image)
