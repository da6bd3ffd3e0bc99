"""The second stage: the caption head and the answer head, on the frozen network of the first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor, nn

from vtviz.evaluation.captioning import bleu
from vtviz.evaluation.questions import Question, derive, frequent_nouns
from vtviz.evaluation.split import read_rows
from vtviz.models.recorder import record_attention
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.models.vtviz_base.network import FusionNetwork
from vtviz.models.vtviz_base.vocabulary import Vocabulary
from vtviz.training.loop import Run, Schedule
from vtviz.training.losses import mass_in_region
from vtviz.training.precision import mixed_precision
from vtviz.training.vtviz_base.data.head_items import END, START, HeadBatch, HeadItems, Pointers
from vtviz.training.vtviz_base.export import export

SMOOTHING = 0.1
GROUNDING = 0.1
KEPT_PATCHES = 160  # of each photo, drawn anew each step
PHOTOS = 200  # of dev, for the quick figures


class HeadRun(Run[HeadBatch]):
    """Trains both heads; everything else stands still."""

    def __init__(
        self,
        network: FusionNetwork,
        tokenizer: Tokenizer,
        items: HeadItems,
        development: HeadDevelopment,
        schedule: Schedule,
        folder: Path,
        resume: bool,
        rate: float,
    ) -> None:
        assert network.caption is not None and network.answer is not None
        self.network, self.tokenizer, self.items, self.development = (
            network.requires_grad_(False),
            tokenizer,
            items,
            development,
        )
        self.caption, self.answer = network.caption.requires_grad_(), network.answer.requires_grad_()
        self.caption.pieces.copy_(torch.tensor(items.pieces))
        heads = nn.ModuleDict({"caption": self.caption, "answer": self.answer})
        groups = [{"params": list(heads.parameters()), "base": rate}]
        super().__init__(heads, groups, schedule, folder, resume)

    def train_mode(self) -> None:
        """Dropout and gradients in the heads alone; measuring takes both away."""
        self.network.eval()
        self.module.train().requires_grad_()

    def measure(self) -> dict[str, float]:
        return self.development.measure(self.network, self.tokenizer, self.items.answers)

    def score(self, figures: dict[str, float]) -> float:
        return figures["answers"] + 2.0 * figures["bleu4"]

    def export(self) -> None:
        export(self.network, self.tokenizer, self.folder, answers=self.items.answers)

    def losses(self, batch: HeadBatch) -> dict[str, Tensor]:
        """Next-piece and answer cross-entropies, and the attention's mass inside the boxes of the phrases."""
        with torch.no_grad(), mixed_precision():
            photos, patches, channels = batch.features.shape
            kept = torch.rand(photos, patches).argsort(dim=1)[:, :KEPT_PATCHES]
            features = batch.features.gather(1, kept[..., None].expand(-1, -1, channels)).float()
            encoded = self.network.encode_patches(features, kept).tokens
            questions = self.network.encode_text(batch.ids, batch.mask).tokens
        before, after = batch.captions[:, :-1], batch.captions[:, 1:]
        written = before != END  # one END is to be predicted, the rest is filling
        with mixed_precision(), record_attention(self.module, {"text→image"}) as seen_writing:
            logits = self.caption(self.caption.decoder.read(features, encoded), before)
        with mixed_precision(), record_attention(self.module, {"text→image"}) as seen_answering:
            answered = self.answer(self.answer.decoder.read(features, encoded), questions, batch.mask)
        writing, answering = (each.of_kind("text→image") for each in (seen_writing, seen_answering))
        asked = batch.targets.sum(dim=1) > 0
        return {
            "caption": F.cross_entropy(logits[written].float(), after[written], label_smoothing=SMOOTHING),
            "answer": F.cross_entropy(answered[asked].float(), batch.targets[asked], label_smoothing=SMOOTHING),
            "caption pointing": GROUNDING * _grounding(writing, batch.caption_pointers, before.shape, kept),
            "answer pointing": GROUNDING * _grounding(answering, batch.question_pointers, batch.ids.shape, kept),
        }


def _grounding(layers: Sequence[Tensor], pointers: Pointers, shape: torch.Size, kept: Tensor) -> Tensor:
    """Mean of −log of the mass inside the regions, of weights ``[photos, heads, n * T, kept]`` on those patches."""
    per_photo = shape[0] // len(kept)
    regions = pointers.regions.gather(1, kept[pointers.owner // per_photo])
    spans = pointers.pieces.float() / pointers.pieces.sum(dim=1, keepdim=True)
    found = []
    for weights in layers:
        texts = weights.mean(dim=1).reshape(*shape, -1)
        rows = torch.einsum("pt,ptk->pk", spans, texts[pointers.owner].float())
        found.append(mass_in_region(rows, regions))
    return torch.stack(found).mean()


class HeadDevelopment:
    """A fixed part of the dev split, from cached features."""

    def __init__(self, photos: Path, cache: Path) -> None:
        rows = read_rows(photos / "dev.jsonl")
        nouns = frequent_nouns(rows)
        self.rows = rows[:PHOTOS]
        self.questions: list[list[Question]] = [derive(row, nouns) for row in self.rows]
        self.features = torch.from_numpy(np.load(cache / "dev-0.npy", mmap_mode="c")[:PHOTOS])

    @torch.inference_mode()
    def measure(self, network: FusionNetwork, tokenizer: Tokenizer, answers: Sequence[str]) -> dict[str, float]:
        """Accuracy of the answers, and BLEU-4 of greedy captions."""
        model = VtvizBase(network, tokenizer, "", Vocabulary({}), 0.5, answers=answers)
        right, total, texts = 0, 0, []
        for row, features in enumerate(self.features.split(1)):
            own = self.questions[row]
            if own:
                best = model.answer_logits(features.float(), [each.text() for each in own]).argmax(dim=1).tolist()
                right += sum(answers[b] in each.answers for b, each in zip(best, own, strict=True))
                total += len(own)
        for block in self.features.split(50):
            memory = model.caption_memory(block.float())
            chosen = torch.full((len(block), 1), START)
            for _ in range(model.caption_length - 1):
                following = model.caption_following(memory, chosen).argmax(dim=-1)
                chosen = torch.cat([chosen, following[:, None]], dim=1)
                if (chosen == END).any(dim=1).all():
                    break
            texts += [model.caption_tokens(_until_end(each)).text for each in chosen[:, 1:].tolist()]
        references = [row["captions"] for row in self.rows]
        return {"answers": right / max(total, 1), "bleu4": bleu(texts, references)}


def _until_end(pieces: list[int]) -> list[int]:
    return pieces[: pieces.index(END)] if END in pieces else pieces
