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
from vtviz.training.losses import contrastive, hard_negatives, mass_in_region, spread_in_region
from vtviz.training.precision import mixed_precision
from vtviz.training.vtviz_base.data.items import Batch
from vtviz.training.vtviz_base.dev_figures import DevFigures
from vtviz.training.vtviz_base.export import export

TEXT_RATE = 0.1  # learning rate of the pretrained text layers, relative to that of the new ones
SPREAD = 0.3  # weight of the attention's spread over a region, relative to its mass inside


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
        super().__init__(network, parameter_groups(network, rate), schedule, folder, resume)

    def train_mode(self) -> None:
        """The frozen backbone keeps its statistics."""
        self.network.train()
        self.network.backbone.eval()

    def measure(self) -> dict[str, float]:
        return self.dev_figures.measure(self.network)

    def score(self, figures: dict[str, float]) -> float:
        return figures["auc"] + figures["pointing"] + figures["recall@10"]

    def export(self) -> None:
        export(self.network, self.tokenizer, self.folder)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Contrastive, match and grounding losses of one batch, on a random subset of the patches."""
        items, patches, _ = batch.features.shape
        count = min(self.kept_patches, patches)
        kept = torch.rand(items, patches).argsort(dim=1)[:, :count]
        features = batch.features.gather(1, kept[..., None].expand(-1, -1, batch.features.shape[-1])).float()
        regions = batch.regions.gather(1, kept[batch.owner])
        spans = batch.pieces.float() / batch.pieces.sum(dim=1, keepdim=True)
        with mixed_precision():
            text = self.network.encode_text(batch.ids, batch.mask)
            image = self.network.encode_patches(features, kept)
            similarity = self.network.similarity(text, image)
            wrong_texts, wrong_images = hard_negatives(similarity)
            own = torch.arange(items)
            with record_attention(self.network, {"text→image"}) as recording:
                right = self.network.match(text, image)
            half = own[torch.rand(items) < 0.5]
            rest = own[~torch.isin(own, half)]
            wrong = self.network.match(
                text[torch.cat([wrong_texts[half], rest])], image[torch.cat([half, wrong_images[rest]])]
            )
        attention = [weights.mean(dim=1) for weights in recording.of_kind("text→image")]
        rows = [phrase_rows(weights, batch, spans) for weights in attention]
        grounding = [mass_in_region(row, regions) + SPREAD * spread_in_region(row, regions) for row in rows]
        return {
            "contrast": contrastive(similarity),
            "match": F.binary_cross_entropy_with_logits(
                torch.cat([right, wrong]), torch.cat([torch.full((items,), 0.95), torch.full((items,), 0.05)])
            ),
            "grounding": 0.5 * torch.stack(grounding).mean(),
            "alignment": 0.25 * mass_in_region(alignment_rows(text, image, batch, spans), regions),
        }


def parameter_groups(network: FusionNetwork, rate: float) -> list[dict[str, Any]]:
    """The trained parameters: pretrained text layers at a lower rate, the similarity scales at full rate."""
    # Lists, not sets: a resumed optimizer finds its state by the parameters' order.
    pretrained = [p for p in network.text_tower.parameters() if p.requires_grad]
    known = set(pretrained)
    fresh = [p for p in network.parameters() if p.requires_grad and p not in known]
    return [{"params": pretrained, "base": rate * TEXT_RATE}, {"params": fresh, "base": rate}]


def phrase_rows(attention: Tensor, batch: Batch, spans: Tensor) -> Tensor:
    """Mean attention row of each phrase's pieces, ``[phrases, patches]``, from ``[items, T, patches]``."""
    return torch.einsum("pt,ptk->pk", spans, attention[batch.owner].float())


def alignment_rows(text: Encoded, image: Encoded, batch: Batch, spans: Tensor) -> Tensor:
    """Softmax over patches of each phrase's similarity to them, ``[phrases, patches]``."""
    words = torch.einsum("pt,ptd->pd", spans, text.local[batch.owner])
    return (15.0 * torch.einsum("pd,pkd->pk", words, image.local[batch.owner])).softmax(dim=1)
