"""The whole training of the recurrent network: data, image features, steps, calibration."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vtviz.evaluation.split import Row
from vtviz.files import cache_folder
from vtviz.inputs import InputError
from vtviz.models.recurrent.model import NAME
from vtviz.models.recurrent.network import NetworkConfig
from vtviz.models.recurrent.weights import save_model
from vtviz.scenes.compose import NAME as SCENES
from vtviz.training.data_set import DataSet, Refused, read_data
from vtviz.training.limits import check_settings
from vtviz.training.loop import Schedule
from vtviz.training.recurrent.calibration import calibrate
from vtviz.training.recurrent.dev_figures import DevFigures
from vtviz.training.recurrent.features import read_features
from vtviz.training.recurrent.items import Items
from vtviz.training.recurrent.matching import LOSSES, SNAPSHOTS, Loss, Matching
from vtviz.training.recurrent.start import start_network
from vtviz.training.run_files import Tell, examples_of, followed, tensorboard_log, write_table
from vtviz.watch import Watch

HERE = ("output", "cache", "device", "resume", "tensorboard", "enough")  # settings that a resumed training may change
CHECKS, LEAST = 12, 25  # checks on dev, and steps between two of them at least
ROOM = 0.5  # share of a GPU's free memory that the features may take


@dataclass(frozen=True)
class RecurrentConfig:
    """What to train on, how, and where to write.

    ``data`` is a folder or ``scenes``. ``steps`` goes before ``epochs``; ``batch`` counts photos, each with so many
    true ``captions``. Photos are read at ``image_size`` pixels, and ``pool`` × ``pool`` patches are one: None stands
    for 160 and 1 with scenes, whose things are large, and for 320 and 2 otherwise. Training ends early after
    ``patience`` checks without improvement, after ``minutes``, or once it is ``enough``; ``check_every`` counts steps,
    None stands for a twelfth of them.
    """

    data: str
    output: Path
    cache: Path | None = None
    epochs: float = 6.0
    steps: int | None = None
    minutes: float | None = None
    batch: int = 32
    captions: int = 2
    rate: float = 1.5e-3
    width: int = 192
    image_size: int | None = None
    pool: int | None = None
    losses: tuple[Loss, ...] = LOSSES
    seed: int = 0
    check_every: int | None = None
    patience: int = 5
    device: str = "cpu"
    resume: bool = False
    tensorboard: bool = False
    enough: Callable[[], bool] = lambda: False

    def settings(self) -> dict[str, Any]:
        """What a training is defined by, as JSON holds it."""
        kept = {name: value for name, value in vars(self).items() if name not in HERE}
        return {**kept, "losses": list(self.losses)}

    def sizes(self) -> tuple[int, int]:
        """The image size in pixels, and how many patches along a side are one."""
        size, pool = (160, 1) if self.data == SCENES else (320, 2)
        return self.image_size or size, self.pool or pool


@dataclass(frozen=True)
class Trained:
    """What came out: figures of the calibrated model on dev, the rows of the data that were left out, and notes on how
    the data was read."""

    figures: dict[str, float]
    refused: tuple[Refused, ...]
    notes: tuple[str, ...] = ()


def train(config: RecurrentConfig, watch: Watch | None = None) -> Trained:
    """Trains, and writes the best model to ``config.output``, with ``history.jsonl``, ``history.csv``, ``run.json``,
    and the weights of every check in ``snapshots/STEP``, each a model folder.

    Raises:
        Cancelled: if the watch says so; the same call with ``resume`` continues from there.
        InputError: if the data or a setting cannot be used, or a resumed training was started with other settings.
    """
    watch = watch or Watch()
    _check(config)
    run = {"network": NAME, "data": config.data, "seed": config.seed, "settings": config.settings()}
    with followed(config.output, run, config.resume) as tell:
        try:
            trained = _train(config, watch, tell)
        finally:
            write_table(config.output)
        tell("running", figures=trained.figures)
    return trained


def _check(config: RecurrentConfig) -> None:
    check_settings(vars(config))
    if config.width % NetworkConfig.heads:
        raise InputError(
            "The width must be a multiple of {heads}, not {value}.", heads=NetworkConfig.heads, value=config.width
        )
    unknown = [name for name in config.losses if name not in LOSSES]
    if unknown or "match" not in config.losses:
        raise InputError(
            "The losses must be match, and perhaps contrast and boxes, not {losses}.", losses=", ".join(config.losses)
        )


def _train(config: RecurrentConfig, watch: Watch, tell: Tell) -> Trained:
    torch.manual_seed(config.seed)
    device = torch.device(config.device)
    data = read_data(config.data, config.seed, watch)
    network, words, backbone = start_network(data.train, *config.sizes(), config.width)
    cache = config.cache or cache_folder() / "features"
    train_rows, features, bad = read_features(data, "train", network, cache, device, watch)
    dev_rows, dev_features, bad_dev = read_features(data, "dev", network, cache, device, watch)
    refused = (*data.refused, *bad, *bad_dev)
    tell("running", **_about(data, train_rows, dev_rows), refused=[str(row) for row in refused])
    network.to(device)
    items = Items(train_rows, words, network.config.side, pinned=device.type == "cuda")
    dev = DevFigures(dev_rows, dev_features, words, network.config.side)
    described = {"backbone_sha256": backbone}
    training = Matching(
        network,
        placed(features, device),
        dev,
        _schedule(config, len(train_rows)),
        config.output,
        config.resume,
        config.rate,
        config.captions,
        config.losses,
        lambda folder: save_model(network, words, folder, **described),
        _log(config),
    )
    if training.step == 0:
        save_model(network, words, config.output / SNAPSHOTS / f"{0:06d}", **described)
    training.run(items.batches(config.batch, config.captions, config.seed, training.step), watch)
    tell("running", best=training.figures, steps=training.step)
    fitted = calibrate(config.output, dev_rows, dev_features, described, watch)
    return Trained({**training.figures, **fitted}, refused, data.notes)


def _schedule(config: RecurrentConfig, rows: int) -> Schedule:
    steps = config.steps or math.ceil(config.epochs * max(rows // config.batch, 1))
    check_every = config.check_every or max(steps // CHECKS, LEAST)
    return Schedule(steps, config.minutes, check_every, config.patience, config.enough)


def _about(data: DataSet, train: list[Row], dev: list[Row]) -> dict[str, Any]:
    return {
        "data_name": data.name,
        "images": str(data.images),
        "notes": list(data.notes),
        "photos": {"train": len(train), "dev": len(dev)},
        "examples": examples_of(dev),
    }


def _log(config: RecurrentConfig) -> Callable[[dict[str, float]], None]:
    """What happens with every row of the history: the table of a spreadsheet, and TensorBoard's log where wanted."""
    board = tensorboard_log(config.output) if config.tensorboard else None

    def log(row: dict[str, float]) -> None:
        write_table(config.output)
        if board is not None:
            board(row)

    return log


def placed(features: Tensor, device: torch.device) -> Tensor:
    """The features on a GPU where they fit, so that every batch is taken from there."""
    if device.type == "cuda" and features.nbytes > ROOM * torch.cuda.mem_get_info(device)[0]:
        return features.pin_memory()
    return features.to(device)
