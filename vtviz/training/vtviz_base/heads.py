"""The second stage: the caption head and the answer head, on the frozen network of the first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor, nn

from vtviz.models.recorder import record_attention
from vtviz.models.vtviz_base.captions import END
from vtviz.models.vtviz_base.network import FusionNetwork
from vtviz.training.loop import Schedule, TrainingLoop
from vtviz.training.losses import mass_in_region
from vtviz.training.precision import mixed_precision
from vtviz.training.vtviz_base.data.head_items import HeadBatch, HeadItems, Pointers
from vtviz.training.vtviz_base.dev_figures import HeadDevFigures
from vtviz.training.vtviz_base.export import export

SMOOTHING = 0.1
GROUNDING = 0.1
KEPT_PATCHES = 160  # of each photo, drawn anew each step


class HeadTraining(TrainingLoop[HeadBatch]):
    """Trains both heads; everything else is frozen."""

    stage = "heads"

    def __init__(
        self,
        network: FusionNetwork,
        tokenizer: Tokenizer,
        items: HeadItems,
        dev_figures: HeadDevFigures,
        schedule: Schedule,
        folder: Path,
        resume: bool,
        rate: float,
    ) -> None:
        assert network.caption is not None and network.answer is not None
        self.network, self.tokenizer = network.requires_grad_(False), tokenizer
        self.items, self.dev_figures = items, dev_figures
        self.caption, self.answer = network.caption.requires_grad_(), network.answer.requires_grad_()
        self.caption.pieces.copy_(torch.tensor(items.pieces))
        self.described = {"answers": items.answers, "caption_languages": list(items.sentences)}
        heads = nn.ModuleDict({"caption": self.caption, "answer": self.answer})
        groups = [{"params": list(heads.parameters()), "base": rate}]
        super().__init__(heads, groups, schedule, folder, resume)

    def train_mode(self) -> None:
        """Dropout and gradients only in the heads; measuring on dev takes both away."""
        self.network.eval()
        self.module.train().requires_grad_()

    def measure(self) -> dict[str, float]:
        return self.dev_figures.measure(self.network, self.tokenizer, self.items.answers)

    def score(self, figures: dict[str, float]) -> float:
        return figures["answers"] + 2.0 * figures["bleu4"]

    def export(self) -> None:
        export(self.network, self.tokenizer, self.folder, **self.described)

    def losses(self, batch: HeadBatch) -> dict[str, Tensor]:
        """Next-piece and answer cross-entropies, and the attention's mass inside the boxes of the phrases."""
        device = batch.features.device
        with torch.no_grad(), mixed_precision(device):
            photos, patches, channels = batch.features.shape
            kept = torch.rand(photos, patches).argsort(dim=1)[:, :KEPT_PATCHES].to(device)
            features = batch.features.gather(1, kept[..., None].expand(-1, -1, channels)).float()
            encoded = self.network.encode_patches(features, kept).tokens
            questions = self.network.encode_text(batch.ids, batch.mask).tokens
        before, after = batch.captions[:, :-1], batch.captions[:, 1:]
        written = before != END  # one END is to be predicted, the rest is padding
        with mixed_precision(device), record_attention(self.module, {"text→image"}) as caption_attention:
            logits = self.caption(self.caption.decoder.read(features, encoded), before)
        with mixed_precision(device), record_attention(self.module, {"text→image"}) as answer_attention:
            answered = self.answer(self.answer.decoder.read(features, encoded), questions, batch.mask)
        writing, answering = (recording.of_kind("text→image") for recording in (caption_attention, answer_attention))
        asked = batch.targets.sum(dim=1) > 0
        return {
            "caption": F.cross_entropy(logits[written].float(), after[written], label_smoothing=SMOOTHING),
            "answer": F.cross_entropy(answered[asked].float(), batch.targets[asked], label_smoothing=SMOOTHING),
            "caption pointing": GROUNDING * _grounding(writing, batch.caption_pointers, before.shape, kept),
            "answer pointing": GROUNDING * _grounding(answering, batch.question_pointers, batch.ids.shape, kept),
        }


def _grounding(layers: Sequence[Tensor], pointers: Pointers, shape: torch.Size, kept: Tensor) -> Tensor:
    """Mean over layers of −log of the attention mass inside the regions; weights ``[photos, heads, n * T, kept]``."""
    per_photo = shape[0] // len(kept)
    regions = pointers.regions.gather(1, kept[pointers.owner // per_photo])
    spans = pointers.pieces.float() / pointers.pieces.sum(dim=1, keepdim=True)
    losses = []
    for weights in layers:
        texts = weights.mean(dim=1).reshape(*shape, -1)
        rows = torch.einsum("pt,ptk->pk", spans, texts[pointers.owner].float())
        losses.append(mass_in_region(rows, regions))
    return torch.stack(losses).mean()
