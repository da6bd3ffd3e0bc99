"""The first stage: features of both sides, fusion, match and search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from vtviz.models.recorder import record_attention
from vtviz.models.vtviz_base.network import Encoded, FusionNetwork
from vtviz.training.loop import Schedule, TrainingLoop
from vtviz.training.losses import contrastive, cover, hard_negatives, margins, mass_in_region, spread_in_region
from vtviz.training.precision import mixed_precision
from vtviz.training.vtviz_base.data.items import Batch
from vtviz.training.vtviz_base.dev_figures import DevFigures
from vtviz.training.vtviz_base.export import export

TEXT_RATE = 0.15  # learning rate of the pretrained text layers, relative to that of the new ones
SPREAD = 1.0  # weight of the attention's spread over a region, relative to its mass inside
COVER_SCALE = 8.0  # from a cosine to the logit of being in the region: zero is the border
WRONG = 0.75  # wrong pairs for each true one
EVEN = 0.2  # what the attention to every patch of a region should be, beside the positive part of its similarity


class FusionTraining(TrainingLoop[Batch]):
    """Trains the network without its caption and answer heads, on ``kept_patches`` of each photo, drawn anew each
    step."""

    stage = "fusion"

    def __init__(
        self,
        network: FusionNetwork,
        tokenizer: Tokenizer,
        dev_figures: DevFigures,
        schedule: Schedule,
        folder: Path,
        resume: bool,
        rate: float,
        kept_patches: int,
    ) -> None:
        self.network, self.tokenizer, self.dev_figures = network, tokenizer, dev_figures
        self.kept_patches = kept_patches
        for module in (network.backbone, network.text_tower.words, network.text_tower.positions):
            module.requires_grad_(False)
        if network.text_tower.words.grown is not None:
            network.text_tower.words.grown.requires_grad_()
        super().__init__(network, parameter_groups(network, rate), schedule, folder, resume)

    def train_mode(self) -> None:
        """The frozen backbone keeps its statistics."""
        self.network.train()
        self.network.backbone.eval()

    def measure(self) -> dict[str, float]:
        return self.dev_figures.measure(self.network)

    def score(self, figures: dict[str, float]) -> float:
        wanted = ("auc", "pointing", "pointing similarity", "recall@10", "auc far", "auc written", "recall@10 written")
        return sum(figures.get(name, 0.0) for name in wanted)

    def export(self) -> None:
        export(self.network, self.tokenizer, self.folder)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Contrastive, match and grounding losses of one batch, on a random subset of the patches."""
        items, patches, _ = batch.features.shape
        count = min(self.kept_patches, patches)
        kept = torch.rand(items, patches).argsort(dim=1)[:, :count].to(batch.features.device)
        features = batch.features.gather(1, kept[..., None].expand(-1, -1, batch.features.shape[-1])).float()
        regions = batch.regions.gather(1, kept[batch.item[batch.owner]])
        spans = batch.pieces.float() / batch.pieces.sum(dim=1, keepdim=True)
        with mixed_precision(features.device):
            texts = self.network.encode_text(*stacked((batch.ids, batch.mask), (batch.foils.ids, batch.foils.mask)))
            first = torch.arange(items, device=features.device)
            image = self.network.encode_patches(features, kept)
            distinct, second = batch.distinct.nonzero()[:, 0], batch.item[items:]
            similarity = self.network.similarity(texts[distinct], image[distinct])
            others = self.network.similarity(texts[items + torch.arange(len(second))], image[second])
            with record_attention(self.network, {"text→image"}) as recording:
                right = self.network.match(texts[first], image)
            which_text, which_image = wrong_pairs(similarity, batch)
            wrong = self.network.match(texts[which_text], image[which_image])
        attention = [weights.mean(dim=1) for weights in recording.of_kind("text→image")]
        cosines = similarity_rows(texts, image, batch, spans)
        fused = batch.owner < items
        asked = (regions * (EVEN + cosines.detach().clamp_min(0.0)))[fused]
        grounding = [
            mass_in_region(row, regions[fused]) + SPREAD * spread_in_region(row, asked) + peaks(row, regions[fused])
            for row in (phrase_rows(weights, batch.owner[fused], spans[fused]) for weights in attention)
        ]
        losses = {
            "contrast": contrastive(similarity),
            "match": (smoothed(right, 0.95) + smoothed(wrong, 0.05)) / 2,
            "grounding": 0.4 * torch.stack(grounding).mean(),
            "alignment": 0.25 * mass_in_region((15.0 * cosines).softmax(dim=1), regions),
            "cover": 0.5 * (cover(COVER_SCALE * cosines, regions) + margins(cosines, regions, 0.2, 0.2)),
        }
        if len(second):
            losses["second"] = contrastive(others)
        return losses | _distillation(batch, texts, spans)


def _distillation(batch: Batch, texts: Encoded, spans: Tensor) -> dict[str, Tensor]:
    """How far a translation's vectors are from those of the English caption, as a whole and phrase by phrase."""
    losses = {}
    chinese = (batch.twin_of >= 0).nonzero()[:, 0]
    if len(chinese):
        own, aim = texts[chinese], texts[batch.twin_of[chinese]]
        close = _cosine(own.pooled, aim.pooled.detach()) + _cosine(own.tokens[:, 0], aim.tokens[:, 0].detach())
        losses["distil"] = 0.5 * (2.0 - close).mean()
    paired = batch.twin_pieces.any(dim=1)
    if paired.any():
        owner, length = batch.owner[paired], spans.shape[1]
        english = batch.twin_pieces[paired].float()
        english = english / english.sum(dim=1, keepdim=True)
        aims = torch.einsum("pt,ptd->pd", english, texts.local[batch.twin_of[owner], :length].detach())
        said = torch.einsum("pt,ptd->pd", spans[paired], texts.local[owner, :length])
        losses["distil phrases"] = 0.5 * (1.0 - _cosine(said, aims)).mean()
    return losses


def stacked(first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Ids and masks ``[n, T]`` of two groups of texts as those of one, as long as the longest text."""
    length = max(first[0].shape[1], second[0].shape[1])
    ids, mask = (
        torch.cat([F.pad(part, (0, length - part.shape[1])) for part in parts])
        for parts in zip(first, second, strict=True)
    )
    return ids, mask


def wrong_pairs(similarity: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Texts and images that do not belong together, as numbers ``[k]`` of each; foils are numbered after the texts.

    ``similarity [d, d]`` is that of the distinct items. An item with a foil gets its own photo with it, a distinct one
    without a foil a hard wrong text or image among the other distinct ones; ``WRONG`` of all these pairs are kept.
    """
    items, device = len(batch.distinct), batch.distinct.device
    foil_of = torch.full((items,), -1, device=device)
    foil_of[batch.foils.owner] = torch.arange(len(batch.foils.owner), device=device)
    with_foil = foil_of >= 0
    own = with_foil.nonzero()[:, 0]
    texts, images = [len(batch.ids) + foil_of[own]], [own]
    distinct = batch.distinct.nonzero()[:, 0]
    if len(distinct) > 1:
        wrong_texts, wrong_images = (distinct[chosen] for chosen in hard_negatives(similarity))
        free = ~with_foil[distinct]
        by_text = free & (torch.rand(len(distinct)).to(device) < 0.5)
        by_image = free & ~by_text
        texts += [wrong_texts[by_text], distinct[by_image]]
        images += [distinct[by_text], wrong_images[by_image]]
    kept = torch.randperm(sum(map(len, texts)))[: round(WRONG * items)].to(device)
    return torch.cat(texts)[kept], torch.cat(images)[kept]


def smoothed(logits: Tensor, aim: float) -> Tensor:
    """Mean cross-entropy of match logits that should all be this probability."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, aim))


def peaks(weights: Tensor, regions: Tensor) -> Tensor:
    """AMC's margins of attention rows, each relative to its own maximum."""
    return margins(weights / weights.detach().amax(dim=1, keepdim=True).clamp_min(1e-6), regions, 0.2, 0.1)


def _cosine(one: Tensor, other: Tensor) -> Tensor:
    return F.cosine_similarity(one.float(), other.float(), dim=-1)


def parameter_groups(network: FusionNetwork, rate: float) -> list[dict[str, Any]]:
    """The trained parameters: pretrained text layers at a lower rate; new pieces and the similarity scales at full
    rate."""
    # Lists, not sets: a resumed optimizer finds its state by the parameters' order.
    grown = network.text_tower.words.grown
    pretrained = [p for p in network.text_tower.parameters() if p.requires_grad and p is not grown]
    known = set(pretrained)
    fresh = [p for p in network.parameters() if p.requires_grad and p not in known]
    return [{"params": pretrained, "base": rate * TEXT_RATE}, {"params": fresh, "base": rate}]


def phrase_rows(attention: Tensor, owner: Tensor, spans: Tensor) -> Tensor:
    """Mean attention row of each phrase's pieces, ``[phrases, patches]``, from ``[texts, T, patches]``; phrase k is of
    text ``owner[k]`` and weighs its pieces by ``spans[k] [T]``."""
    return torch.einsum("pt,ptk->pk", spans, attention[owner, : spans.shape[1]].float())


def similarity_rows(text: Encoded, image: Encoded, batch: Batch, spans: Tensor) -> Tensor:
    """Cosine of each phrase's mean vector with every patch, ``[phrases, patches]``."""
    words = torch.einsum("pt,ptd->pd", spans, text.local[batch.owner, : spans.shape[1]])
    return torch.einsum("pd,pkd->pk", words, image.local[batch.item[batch.owner]])
