"""The whole training of vtviz-base: cached features, three stages, calibration."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from vtviz.evaluation.split import read_rows, read_split
from vtviz.files import write_atomically
from vtviz.models.vtviz_base.family import load_folder
from vtviz.models.vtviz_base.model import NAME
from vtviz.models.vtviz_base.network import FusionNetwork, NetworkConfig
from vtviz.models.vtviz_base.weights import load_weights
from vtviz.training.limits import check_settings
from vtviz.training.loop import Schedule
from vtviz.training.run_files import examples_of, followed
from vtviz.training.vtviz_base.calibration import calibrate
from vtviz.training.vtviz_base.data.features import cache_features
from vtviz.training.vtviz_base.data.head_items import HeadItems
from vtviz.training.vtviz_base.data.items import Items
from vtviz.training.vtviz_base.data.named import NamedThings
from vtviz.training.vtviz_base.data.texts.photo_texts import PhotoTexts
from vtviz.training.vtviz_base.data.texts.word_counts import word_counts
from vtviz.training.vtviz_base.dev_figures import DevFigures, HeadDevFigures
from vtviz.training.vtviz_base.fusion import FusionTraining
from vtviz.training.vtviz_base.grounding import GroundingItems, GroundingTraining
from vtviz.training.vtviz_base.heads import HeadTraining
from vtviz.training.vtviz_base.material import Material, read_material
from vtviz.training.vtviz_base.pretrained import start_network
from vtviz.training.vtviz_base.verdicts import Pair, sentences, short_texts, unseen_things
from vtviz.watch import Watch

HERE = ("output", "cache", "device", "resume", "enough")  # settings that a resumed training may change
GROUNDING_CHECK = 100  # steps; it soon overfits
FUSION_SHARE = 0.7  # of the minutes; the heads get the rest, and the third stage is short


@dataclass(frozen=True)
class TrainConfig:
    """What to train on, for how long, and where to write. After ``minutes``, or once it is ``enough``, the schedules
    end early."""

    data: Path
    data_zh: Path | None
    names: Path | None
    cache: Path
    output: Path
    steps: int = 1800
    head_steps: int = 1800
    minutes: float | None = None
    batch: int = 72
    named: int = 26
    kept_patches: int = 80
    rate: float = 8e-4
    head_batch: int = 42
    head_named: int = 6
    head_rate: float = 6e-4
    grounding_steps: int = 300
    grounding_batch: int = 64
    grounding_rate: float = 5e-4
    seed: int = 0
    check_every: int = 250
    patience: int = 4
    views: int = 2
    scenes: int = 2000
    resume: bool = False
    device: str = "cpu"
    enough: Callable[[], bool] = lambda: False

    def settings(self) -> dict[str, Any]:
        """What a training is defined by, as JSON holds it."""
        kept = {name: value for name, value in vars(self).items() if name not in HERE}
        return {name: str(value) if isinstance(value, Path) else value for name, value in kept.items()}


def train(config: TrainConfig, watch: Watch | None = None) -> dict[str, float]:
    """Trains, writes the best weights to ``config.output``, calibrates them and returns their dev figures.

    Raises:
        Cancelled: if the watch says so; the same call with ``resume`` continues from there.
        InputError: if a setting cannot be used, or a resumed training was started with other settings.
    """
    watch = watch or Watch()
    check_settings(vars(config))
    settings = config.settings()
    run = {"network": NAME, "data": settings["data"], "seed": config.seed, "settings": settings}
    with followed(config.output, run, config.resume) as tell:
        photos = {split: read_split(config.data, split) for split in ("train", "dev")}
        counts = {split: len(rows) for split, rows in photos.items()}
        tell("running", images=str(config.data / "images"), photos=counts, examples=examples_of(photos["dev"]))
        figures = _train(config, watch)
        best = {name: figures[name] for name in ("auc", "f1", "answers") if name in figures}
        tell("running", figures=best)
    return figures


def _train(config: TrainConfig, watch: Watch) -> dict[str, float]:
    cache_features(
        config.data, config.names, config.cache, config.views, config.scenes, config.seed, watch, config.device
    )
    train_fusion(config, watch)
    train_heads(config, watch)
    train_grounding(config, watch)
    figures = calibrate(config.output, config.data, config.cache, watch, probes_of(config, watch))
    write_atomically(config.output / "figures.json", (json.dumps(figures, indent=2) + "\n").encode())
    return figures


def train_fusion(config: TrainConfig, watch: Watch) -> None:
    """The first stage; its best weights go to ``output/fusion``."""
    torch.manual_seed(config.seed)
    material = read_material(config.data, config.data_zh, config.cache, watch)
    network, tokenizer = start_network(NetworkConfig(), material.pieces, material.lexicon)
    network.to(config.device)
    side = network.config.side
    items = Items(material.rows, material.chinese, material.lexicon, config.names, config.cache, side, tokenizer)
    dev_figures = dev_figures_of(config, material, tokenizer, side)
    minutes = config.minutes and config.minutes * FUSION_SHARE
    schedule = Schedule(config.steps, minutes, config.check_every, config.patience, config.enough)
    training = FusionTraining(
        network,
        tokenizer,
        dev_figures,
        schedule,
        config.output / "fusion",
        config.resume,
        config.rate,
        config.kept_patches,
    )
    training.run(items.batches(config.batch, config.named, config.seed, training.step), watch)


def dev_figures_of(config: TrainConfig, material: Material, tokenizer: Tokenizer, side: int) -> DevFigures:
    """What the first and the third stage are measured by."""
    captions = [row["captions"] for row in material.dev]
    in_chinese = material.chinese is not None
    unseen = NamedThings(config.names, config.cache, captions, in_chinese, unseen=True) if config.names else None
    return DevFigures(material.dev, config.cache, tokenizer, side, material.dev_chinese, unseen)


def probes_of(config: TrainConfig, watch: Watch) -> dict[str, list[Pair]]:
    """Pairs that a verdict must hold for besides captions: short texts, Chinese sentences, things that training never
    showed; and captions with one word changed."""
    material = read_material(config.data, config.data_zh, config.cache, watch)
    side = NetworkConfig().side
    features = np.load(config.cache / "dev-0.npy", mmap_mode="r")
    texts = PhotoTexts(material.dev, material.dev_chinese, material.lexicon, side)
    probes = {"short": list(short_texts(texts, features, ("phrase", "thing")))}
    if material.dev_chinese is not None:
        for kind in ("written", "translated"):
            own = [[text for text in row[kind] if text] for row in material.dev_chinese]
            probes[kind] = list(sentences(own, features))
    if config.names is not None:
        captions = [row["captions"] for row in material.dev]
        unseen = NamedThings(config.names, config.cache, captions, material.dev_chinese is not None, unseen=True)
        probes["unseen"] = list(unseen_things(unseen, config.cache))
    probes["foils"] = list(short_texts(texts, features, ("caption",)))
    return probes


def train_heads(config: TrainConfig, watch: Watch) -> None:
    """The second stage, on the weights in ``output/fusion``; the whole model goes to ``output/heads``."""
    torch.manual_seed(config.seed)
    material = read_material(config.data, config.data_zh, config.cache, watch)
    network, tokenizer = start_network(NetworkConfig(), material.pieces, material.lexicon)
    texts = (material.rows, material.chinese, material.lexicon)
    items = HeadItems(*texts, config.names, config.cache, network.config.side, tokenizer)
    sizes = replace(network.config, caption_pieces=len(items.pieces), answers=len(items.answers))
    network = FusionNetwork(sizes)
    fused = load_weights((config.output / "fusion" / "model.safetensors").read_bytes())
    network.load_state_dict(fused, strict=False)
    network.to(config.device)
    classes = read_rows(config.names / "classes.jsonl") if config.names else []
    counts = word_counts(items.rows, classes, items.answers, material.chinese)
    folder = config.output / "heads"
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "vocabulary.json", (json.dumps(counts, ensure_ascii=False) + "\n").encode())
    minutes = config.minutes and config.minutes * (1.0 - FUSION_SHARE)
    schedule = Schedule(config.head_steps, minutes, 2 * config.check_every, config.patience, config.enough)
    dev_figures = HeadDevFigures(material.dev, config.cache)
    training = HeadTraining(network, tokenizer, items, dev_figures, schedule, folder, config.resume, config.head_rate)
    training.run(items.batches(config.head_batch, config.head_named, config.seed, training.step), watch)


def train_grounding(config: TrainConfig, watch: Watch) -> None:
    """The third stage, on the model in ``output/heads``; the finished one goes to ``output``."""
    torch.manual_seed(config.seed)
    model = load_folder(config.output / "heads", torch.device(config.device))
    shutil.copy(config.output / "heads" / "vocabulary.json", config.output)
    network, tokenizer, side = model.network, model.tokenizer, model.network.config.side
    material = read_material(config.data, config.data_zh, config.cache, watch)
    items = Items(material.rows, material.chinese, material.lexicon, config.names, config.cache, side, tokenizer)
    grounding = GroundingItems(items, network, watch)
    dev_figures = dev_figures_of(config, material, tokenizer, side)
    schedule = Schedule(config.grounding_steps, None, GROUNDING_CHECK, config.patience, config.enough)
    described = {"answers": list(model.answers), "caption_languages": list(model.caption_starts)}
    training = GroundingTraining(
        network, tokenizer, dev_figures, schedule, config.output, config.resume, config.grounding_rate, described
    )
    training.run(grounding.batches(config.grounding_batch, config.seed, training.step), watch)
