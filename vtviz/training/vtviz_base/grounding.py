"""The third stage: where the words of short texts look, in the first fusion block.

Short texts about single things ("a photo of a cup") are made from the phrases of photos and from composed scenes. Only
the queries and keys of the first block's words are trained, so what the other stages learnt stays: the encoders and the
heads do not change, and words outside all phrases are held to where they looked before.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from vtviz.models.attention import Attention
from vtviz.models.recorder import record_attention
from vtviz.models.vtviz_base.fusion import FusionBlock
from vtviz.models.vtviz_base.network import FusionNetwork
from vtviz.training.loop import Schedule, TrainingLoop
from vtviz.training.losses import mass_in_region, spread_in_region
from vtviz.training.vtviz_base.data.items import Batch, Item, Items, Rows
from vtviz.training.vtviz_base.data.texts.photo_texts import WHOLE
from vtviz.training.vtviz_base.data.texts.small_things import richest, thing_weights
from vtviz.training.vtviz_base.dev_figures import DevFigures
from vtviz.training.vtviz_base.export import export
from vtviz.training.vtviz_base.fusion import SPREAD, phrase_rows
from vtviz.watch import Watch

PHOTOS = 1200  # those with most small and rare things
BLOCK = 20  # photos encoded at a time
SHARES = {"caption": 0.25, "thing": 0.5}  # of a batch; the rest are composed scenes
SEVERAL = 0.3  # share of the texts on photos that name several things
CAPTIONS = ("caption", "translated", "written")  # kinds of sentences, of which a photo may lack the Chinese ones
CHINESE = 0.35  # share of the texts about things in Chinese
HOLD = 0.2  # weight of the divergence from where words outside all phrases looked before


class GroundingItems:
    """Draws texts about single things, whole captions, and texts about scenes, with patches encoded by the network.

    Args:
        items: the photos and scenes.
        network: encodes their patches, once.
        watch: hears of every block of them.
    """

    def __init__(self, items: Items, network: FusionNetwork, watch: Watch | None = None) -> None:
        self.items = items
        things = items.texts.things
        self.photos = richest(things, PHOTOS)
        self.things, self.weights = things, thing_weights(things)
        scenes = items.named.scenes if items.named else {}
        rows = {"train-0": self.photos, **{kind: range(len(notes)) for kind, notes in scenes.items()}}
        self.scenes = list(scenes)
        items.features = {
            part: _encoded(items.features[part], list(own), network, f"encoding {part}", watch or Watch())
            for part, own in rows.items()
        }

    def draw(self, kind: str, rng: random.Random) -> Item:
        """One item of a kind: ``caption``, ``thing`` or ``scene``."""
        if kind == "scene":
            assert self.items.named is not None
            part, row, text = self.items.named.draw(rng, rng.choice(self.scenes))
            return part, row, (text,)
        row = rng.choice(self.photos)
        if kind == "caption":
            return self.items.photo(row, rng, 0, rng.choice(CAPTIONS))
        own, weights = self.things[row], self.weights[row]
        count = rng.randint(2, 3) if rng.random() < SEVERAL else 1
        chosen = list(dict.fromkeys(rng.choices(own, weights, k=count)))
        about = self.items.texts.about
        in_chinese = self.items.texts.chinese is not None and rng.random() < CHINESE
        short = about(chosen, in_chinese, rng) or about(chosen, False, rng)
        return "train-0", row, (short or self.items.texts.draw(row, WHOLE, rng, "caption"),)

    def batches(self, size: int, seed: int, start: int) -> Iterator[Batch]:
        """Endless batches from step ``start``; each step has its own seed."""
        counts = {kind: round(size * share) for kind, share in SHARES.items()}
        counts["scene"] = size - sum(counts.values()) if self.scenes else 0
        step = start
        while True:
            rng = random.Random(f"{seed}-{step}-grounding")
            yield self.items.batch([self.draw(kind, rng) for kind, count in counts.items() for _ in range(count)])
            step += 1


def _encoded(
    features: Rows, rows: list[int], network: FusionNetwork, stage: str, watch: Watch
) -> dict[int, np.ndarray]:
    """Encoded patches ``[patches, width]`` of some rows, as float16."""
    encoded: dict[int, np.ndarray] = {}
    with torch.inference_mode():
        for first in watch.follow(stage, range(0, len(rows), BLOCK)):
            block = rows[first : first + BLOCK]
            stacked = np.stack([features[row] for row in block]).astype(np.float32)
            tokens = network.encode_patches(torch.from_numpy(stacked).to(network.calibration.device)).tokens
            encoded.update(zip(block, tokens.half().cpu().numpy(), strict=True))
    return encoded


class GroundingTraining(TrainingLoop[Batch]):
    """Trains the queries and keys of the first block's words; writes the whole model to ``folder``."""

    stage = "grounding"

    def __init__(
        self,
        network: FusionNetwork,
        tokenizer: Tokenizer,
        dev_figures: DevFigures,
        schedule: Schedule,
        folder: Path,
        resume: bool,
        rate: float,
        described: dict[str, Any],
    ) -> None:
        self.network, self.tokenizer, self.dev_figures, self.described = network, tokenizer, dev_figures, described
        network.eval().requires_grad_(False)
        block = network.blocks[0]
        assert isinstance(block, FusionBlock)
        self.block, self.attention = block, block.text.attention
        self.before = copy.deepcopy(self.attention)
        trained = [*self.attention.query.parameters(), *self.attention.key.parameters()]
        for parameter in trained:
            parameter.requires_grad_()
        super().__init__(self.attention, [{"params": trained, "base": rate}], schedule, folder / "grounding", resume)

    def measure(self) -> dict[str, float]:
        return self.dev_figures.measure(self.network)

    def score(self, figures: dict[str, float]) -> float:
        return figures["pointing layer 0"] + figures["pointing small"]

    def export(self) -> None:
        export(self.network, self.tokenizer, self.folder.parent, **self.described)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Mass inside the regions and spread over them; divergence of all other words from where they looked before."""
        with torch.no_grad():
            words = self.block.text_norm(self.network.encode_text(batch.ids, batch.mask).tokens)
            patches = self.block.image_norm(batch.features.float())
            held = _mean_weights(self.before, words, patches)
        attention = _mean_weights(self.attention, words, patches)
        spans = batch.pieces.float() / batch.pieces.sum(dim=1, keepdim=True)
        rows = phrase_rows(attention, batch.owner, spans)
        named = (
            torch.zeros(batch.mask.shape, device=batch.mask.device).index_add(0, batch.owner, batch.pieces.float()) > 0
        )
        others = batch.mask & ~named
        divergence = (held * (held.clamp_min(1e-8) / attention.clamp_min(1e-8)).log()).sum(dim=-1)[others].mean()
        return {
            "mass": mass_in_region(rows, batch.regions),
            "spread": SPREAD * spread_in_region(rows, batch.regions),
            "hold": HOLD * divergence,
        }


def _mean_weights(attention: Attention, words: Tensor, patches: Tensor) -> Tensor:
    """Attention weights ``[items, T, patches]``, averaged over the heads."""
    with record_attention(attention) as recording:
        attention(words, patches)
    return recording.of_kind("text→image")[0].mean(dim=1)
