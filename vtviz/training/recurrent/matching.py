"""The one stage of the recurrent network's training: match, search, and where words look."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.models.attention import KeysValues
from vtviz.models.recorder import record_attention
from vtviz.models.recurrent.network import Encoded, RecurrentNetwork
from vtviz.training.loop import Schedule, TrainingLoop
from vtviz.training.losses import contrastive, mass_in_region, spread_in_region
from vtviz.training.precision import mixed_precision
from vtviz.training.recurrent.dev_figures import DevFigures
from vtviz.training.recurrent.items import Batch

Loss = Literal["match", "contrast", "boxes"]
LOSSES: tuple[Loss, ...] = ("match", "contrast", "boxes")
WORD_RATE = 0.2  # learning rate of the pretrained word vectors, relative to that of the rest
SMOOTH = 0.03  # a label of 1 asks for 1 − this: captions of other photos are sometimes true
CONTRAST, BOXES, SPREAD = 0.3, 0.3, 0.3  # weights of losses; the spread's is relative to the mass in the boxes
WORTH = {"auc": 1.0, "auc foils": 0.3, "pointing": 0.3}  # of figures on dev, when the best weights are picked
SNAPSHOTS = "snapshots"  # folder of the weights of every check
SCORES = "scores.npz"  # the match of dev's captions with their own photo, and with another


class Matching(TrainingLoop[Batch]):
    """Trains all but the frozen image features, with losses of one's choice.

    ``match``: cross-entropy of the sigmoid, for captions with their own photo, with a photo of the batch that looks
    like it, and with one word changed. ``contrast``: each photo finds its caption among those of the batch, and each
    caption its photo; search needs it. ``boxes``: the attention of the words of a boxed phrase lies in its boxes.

    Args:
        network: with its pretrained parts.
        features: of the training photos, ``[rows, patches, channels]`` in float16, on the network's device where they
            fit.
        dev_figures: what the weights are chosen by.
        schedule, folder, resume: as of every loop.
        rate: learning rate.
        captions: true captions of a photo in a batch.
        losses: which losses there are; the match belongs to every training.
        export: writes the model to a folder.
        write: gets every row of the history.
    """

    stage: ClassVar[str] = "training"

    def __init__(
        self,
        network: RecurrentNetwork,
        features: Tensor,
        dev_figures: DevFigures,
        schedule: Schedule,
        folder: Path,
        resume: bool,
        rate: float,
        captions: int,
        losses: Collection[Loss],
        export: Callable[[Path], None],
        write: Callable[[dict[str, float]], None] = lambda row: None,
    ) -> None:
        self.network, self.features, self.dev_figures = network, features, dev_figures
        self.captions, self.chosen, self._export, self._write = captions, frozenset(losses), export, write
        self.latest: dict[str, float] = {}
        network.backbone.requires_grad_(False)
        words = list(network.words.parameters())
        rest = [p for p in network.parameters() if p.requires_grad and p is not words[0]]
        groups = [{"params": rest, "base": rate}, {"params": words, "base": WORD_RATE * rate}]
        super().__init__(network, groups, schedule, folder, resume)

    def train_mode(self) -> None:
        """The frozen backbone keeps its statistics."""
        self.network.train()
        self.network.backbone.eval()

    def measure(self) -> dict[str, float]:
        return self.dev_figures.measure(self.network)

    def score(self, figures: dict[str, float]) -> float:
        return sum(weight * figures.get(name, 0.0) for name, weight in WORTH.items())

    def export(self) -> None:
        self._export(self.folder)

    def keep(self, figures: dict[str, float]) -> None:
        """The figures of a check; its weights stay in ``snapshots``, where their heatmaps can be looked at."""
        self.latest = figures
        snapshot = self.folder / SNAPSHOTS / f"{self.step:06d}"
        self._export(snapshot)
        right, wrong = self.dev_figures.logits(self.network)
        np.savez(snapshot / SCORES, right=right.sigmoid().numpy(), wrong=wrong.sigmoid().numpy())
        super().keep(figures)

    def note(self, losses: dict[str, float]) -> str:
        """The losses of a step, and the last figures on dev."""
        figures = "".join(f", dev {name}={value:.3f}" for name, value in self.latest.items() if name in WORTH)
        return super().note(losses) + figures

    def logged(self, row: dict[str, float]) -> None:
        self._write(row)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The chosen losses of one batch."""
        network, device = self.network, self.device
        features = self.features[batch.photos.to(self.features.device)].to(device).float()
        features = mirror(features, batch.mirrored, network.config.side)
        count = len(batch.photos) * self.captions  # of true captions
        with mixed_precision(device):
            image, text = network.read_image(features), network.read_text(batch.ids, batch.mask)
            memory = network.attention.project(image.states)
            with record_attention(network, {"text→image"}) as recording:
                own = network.match(text, of(memory, batch.item))
            first = torch.arange(0, count, self.captions, device=device)
            similarity = network.similarity(text[first], image)
            texts, photos = self._wrong_pairs(similarity, text, image, batch.item[:count])
            wrong = network.match(text[texts], of(memory, photos))
        parts = [smoothed(own[:count], 1.0 - SMOOTH), smoothed(wrong, SMOOTH)]
        parts += [smoothed(own[count:], SMOOTH)] if len(own) > count else []
        losses = {"match": torch.stack(parts).mean()}
        if "contrast" in self.chosen:
            losses["contrast"] = CONTRAST * contrastive(similarity)
        if "boxes" in self.chosen:
            weights = recording.of_kind("text→image")[0].mean(dim=1)
            spans = batch.pieces.float() / batch.pieces.sum(dim=1, keepdim=True)
            rows = torch.einsum("ft,ftp->fp", spans, weights[batch.owner])
            inside = mass_in_region(rows, batch.regions) + SPREAD * spread_in_region(rows, batch.regions)
            losses["boxes"] = BOXES * inside
        return losses

    def _wrong_pairs(self, similarity: Tensor, text: Encoded, image: Encoded, item: Tensor) -> tuple[Tensor, Tensor]:
        """For each true caption a photo of the batch that is not its own, and for each photo a caption that is not: in
        the first case one that looks like it, in the second any."""
        count, photos = len(item), len(image.states)
        with torch.no_grad():
            every = self.network.similarity(text[torch.arange(count, device=item.device)], image).float()
        own = F.one_hot(item, photos).bool()
        chances = every.masked_fill(own, float("-inf")).softmax(dim=1).cpu()
        alike = torch.multinomial(chances, 1).squeeze(1).to(item.device)
        shift = torch.randint(1, photos, (count,)).to(item.device)
        texts = torch.arange(count, device=item.device)
        return torch.cat([texts, texts]), torch.cat([alike, (item + shift) % photos])


def of(memory: KeysValues, rows: Tensor) -> KeysValues:
    """The keys and values of photos ``rows [n]``."""
    return memory[0][rows], memory[1][rows]


def mirror(features: Tensor, mirrored: Tensor, side: int) -> Tensor:
    """Features ``[batch, patches, channels]``, those of ``mirrored`` photos with their columns in reverse order."""
    grid = features.unflatten(1, (side, side))
    return torch.where(mirrored[:, None, None, None], grid.flip(2), grid).flatten(1, 2)


def smoothed(logits: Tensor, aim: float) -> Tensor:
    """Mean cross-entropy of match logits that should all be this probability."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, aim))
