"""The whole training of vtviz-base: cached features, three stages, calibration."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from vtviz.evaluation.split import read_rows
from vtviz.models.vtviz_base.family import load_folder
from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig
from vtviz.models.vtviz_base.weights import load_weights
from vtviz.training.loop import Schedule
from vtviz.training.vtviz_base.calibration import calibrate
from vtviz.training.vtviz_base.data.features import cache_features
from vtviz.training.vtviz_base.data.head_items import HeadItems
from vtviz.training.vtviz_base.data.items import Items
from vtviz.training.vtviz_base.data.word_counts import word_counts
from vtviz.training.vtviz_base.dev_figures import Development
from vtviz.training.vtviz_base.fusion import FusionRun
from vtviz.training.vtviz_base.grounding import GroundingItems, GroundingRun
from vtviz.training.vtviz_base.heads import HeadDevelopment, HeadRun
from vtviz.training.vtviz_base.pretrained import start_network

FUSION_SHARE = 0.7  # of the minutes; the heads have the rest, and the third stage is short


@dataclass(frozen=True)
class TrainConfig:
    """What to train on, for how long, and where to write. ``minutes`` ends the schedules early where it is reached."""

    data: Path
    names: Path | None
    cache: Path
    output: Path
    steps: int = 1200
    head_steps: int = 2200
    minutes: float | None = None
    batch: int = 76
    named: int = 30
    kept_patches: int = 108
    rate: float = 8e-4
    head_batch: int = 48
    head_rate: float = 6e-4
    grounding_steps: int = 600
    grounding_batch: int = 64
    grounding_rate: float = 5e-4
    seed: int = 0
    check_every: int = 100
    patience: int = 4
    views: int = 2
    scenes: int = 2000
    resume: bool = False


def train(config: TrainConfig) -> dict[str, float]:
    """Trains, writes the best weights to ``config.output``, calibrates them and returns their dev figures."""
    cache_features(config.data, config.names, config.cache, config.views, config.scenes, config.seed)
    train_fusion(config)
    train_heads(config)
    train_grounding(config)
    return calibrate(config.output, config.data, config.cache)


def train_fusion(config: TrainConfig) -> None:
    """The first stage; its best weights go to ``output/fusion``."""
    torch.manual_seed(config.seed)
    network, tokenizer = start_network(NetworkConfig())
    items = Items(config.data, config.names, config.cache, network.config.side, tokenizer)
    development = Development(config.data, config.cache, tokenizer, network.config.side)
    minutes = config.minutes and config.minutes * FUSION_SHARE
    schedule = Schedule(config.steps, minutes, config.check_every, config.patience)
    run = FusionRun(
        network,
        tokenizer,
        development,
        schedule,
        config.output / "fusion",
        config.resume,
        config.rate,
        config.kept_patches,
    )
    run.run(items.batches(config.batch, config.named, config.seed, run.step))


def train_heads(config: TrainConfig) -> None:
    """The second stage, on the weights in ``output/fusion``; the whole model goes to ``output/heads``."""
    torch.manual_seed(config.seed)
    network, tokenizer = start_network(NetworkConfig())
    items = HeadItems(config.data, config.cache, network.config.side, tokenizer)
    sizes = replace(network.config, caption_pieces=len(items.pieces), answers=len(items.answers))
    network = FusionNetwork(sizes)
    trained = load_weights((config.output / "fusion" / "model.safetensors").read_bytes())
    network.load_state_dict(trained, strict=False)
    classes = read_rows(config.names / "classes.jsonl") if config.names else []
    counts = word_counts(items.rows, classes, items.answers)
    folder = config.output / "heads"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocabulary.json").write_text(json.dumps(counts, ensure_ascii=False) + "\n", encoding="utf-8")
    minutes = config.minutes and config.minutes * (1.0 - FUSION_SHARE)
    schedule = Schedule(config.head_steps, minutes, 3 * config.check_every, config.patience)
    development = HeadDevelopment(config.data, config.cache)
    run = HeadRun(network, tokenizer, items, development, schedule, folder, config.resume, config.head_rate)
    run.run(items.batches(config.head_batch, config.seed, run.step))


def train_grounding(config: TrainConfig) -> None:
    """The third stage, on the model in ``output/heads``; the finished one goes to ``output``."""
    torch.manual_seed(config.seed)
    model = load_folder(config.output / "heads")
    shutil.copy(config.output / "heads" / "vocabulary.json", config.output)
    network, tokenizer = model.network, model.tokenizer
    items = Items(config.data, config.names, config.cache, network.config.side, tokenizer)
    grounding = GroundingItems(items, network)
    development = Development(config.data, config.cache, tokenizer, network.config.side)
    schedule = Schedule(config.grounding_steps, None, config.check_every, config.patience)
    answers = list(model.answers)
    run = GroundingRun(
        network, tokenizer, development, schedule, config.output, config.resume, config.grounding_rate, answers
    )
    run.run(grounding.batches(config.grounding_batch, config.seed, run.step))
