"""The training loop: schedule, averaged weights, checks on dev, checkpoints, resuming, early stopping."""

from __future__ import annotations

import io
import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from vtviz.files import write_atomically
from vtviz.inputs import InputError
from vtviz.training.run_files import HISTORY, forget_after
from vtviz.watch import Cancelled, Watch

WARM_UP = 60  # steps
SAVE_EVERY = 50  # steps, between checks too
LOG_EVERY = 10  # steps, in the history
DECAY = 0.995  # of the averaged weights, per step

Batch = TypeVar("Batch")


@dataclass(frozen=True)
class Schedule:
    """How long to train, and how often to check on dev. After ``minutes``, after ``patience`` checks without
    improvement, or once somebody says that it is ``enough``, training ends early."""

    steps: int
    minutes: float | None = None
    check_every: int = 100
    patience: int = 4
    enough: Callable[[], bool] = lambda: False


class TrainingLoop(ABC, Generic[Batch]):
    """Trains those parameters of ``module`` that take gradients; each stage of a training is a subclass.

    Args:
        module: what is trained.
        groups: parameter groups of the optimizer, each with its rate as ``base``.
        schedule: how long.
        folder: for the checkpoint and the history.
        resume: start from the checkpoint, if there is one.

    Raises:
        InputError: if that checkpoint cannot be used.
    """

    stage: ClassVar[str]  # as the watch hears it
    save_every: ClassVar[int] = SAVE_EVERY

    def __init__(
        self, module: nn.Module, groups: list[dict[str, Any]], schedule: Schedule, folder: Path, resume: bool
    ) -> None:
        self.module, self.schedule, self.folder = module, schedule, folder
        self.optimizer = torch.optim.AdamW(groups, weight_decay=0.05, betas=(0.9, 0.98))
        self.average = {name: p.detach().clone() for name, p in module.named_parameters() if p.requires_grad}
        self.step, self.elapsed, self.best, self.since_best = 0, 0.0, -math.inf, 0
        self.figures: dict[str, float] = {}
        self._sums: dict[str, float] = {}
        folder.mkdir(parents=True, exist_ok=True)
        if resume and self._checkpoint.exists():
            self.load()
        self._since = (time.monotonic(), self.step)

    @abstractmethod
    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The losses of one batch by name; their sum is minimised."""

    @abstractmethod
    def measure(self) -> dict[str, float]:
        """Figures on dev, of the averaged weights; called in evaluation mode."""

    @abstractmethod
    def score(self, figures: dict[str, float]) -> float:
        """One number for figures on dev; the higher, the better."""

    @abstractmethod
    def export(self) -> None:
        """Writes the weights, which are the best so far."""

    def logged(self, row: dict[str, float]) -> None:
        """Called with every row of the history; a stage may keep it elsewhere too."""

    def note(self, losses: dict[str, float]) -> str:
        """What the watch hears after a step: its losses."""
        return ", ".join(f"{name}={value:.3f}" for name, value in losses.items())

    def train_mode(self) -> None:
        """Sets the modes of all modules; called before every step."""
        self.module.train()

    def run(self, batches: Iterable[Batch], watch: Watch | None = None) -> dict[str, float]:
        """Takes all remaining steps, with batches from ``self.step`` on; returns the figures of the best weights.

        Raises:
            Cancelled: if the watch says so between two steps; the checkpoint resumes after the last one.
        """
        watch = watch or Watch()
        watch.enter(self.stage, self.schedule.steps, done=self.step)
        started, source = time.monotonic() - self.elapsed, ahead(iter(batches))
        try:
            watch.check()
            while not self._is_over():
                losses = self.update(next(source))
                self.elapsed = time.monotonic() - started
                for name, value in losses.items():
                    self._sums[name] = self._sums.get(name, 0.0) + value
                if self.fraction() >= 1.0 or self.step % self.schedule.check_every == 0:
                    self.check()
                    self.save()
                else:
                    if self.step % LOG_EVERY == 0:
                        self._log({})
                    if self.step % self.save_every == 0:
                        self.save()
                watch.advance(note=self.note(losses))
                if self.schedule.enough() and self.step % self.schedule.check_every and self.fraction() < 1.0:
                    self.check()
                    self.save()
            if math.isinf(self.best):  # it was enough before the first step: the next stage needs weights to go on from
                self.check()
                self.save()
        except Cancelled:
            self.save()
            raise
        return self.figures

    def _is_over(self) -> bool:
        return self.fraction() >= 1.0 or self.since_best >= self.schedule.patience or self.schedule.enough()

    def fraction(self) -> float:
        """The share of the schedule that is over, 0..1."""
        minutes = self.schedule.minutes
        by_time = self.elapsed / 60 / minutes if minutes else 0.0
        return min(max(self.step / self.schedule.steps, by_time), 1.0)

    def update(self, batch: Batch) -> dict[str, float]:
        """Takes one step, at a rate that warms up and then falls along a cosine; returns the losses by name."""
        self.train_mode()
        factor = min((self.step + 1) / WARM_UP, 1.0) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.fraction())))
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * factor
        losses = self.losses(moved(batch, self.device))
        self.optimizer.zero_grad(set_to_none=True)
        torch.stack([value.float() for value in losses.values()]).sum().backward()
        nn.utils.clip_grad_norm_([p for p in self.module.parameters() if p.requires_grad], 1.0)
        self.optimizer.step()
        self.step += 1
        decay = min(DECAY, self.step / (self.step + 20))
        with torch.no_grad():
            for name, parameter in self.module.named_parameters():
                if name in self.average:
                    self.average[name].lerp_(parameter, 1.0 - decay)
        return {name: float(value.detach()) for name, value in losses.items()}

    @property
    def device(self) -> torch.device:
        """Where what is trained lies."""
        return next(self.module.parameters()).device

    def check(self) -> None:
        """Measures the averaged weights on dev, and exports them if they are the best so far."""
        live = {name: p.detach().clone() for name, p in self.module.named_parameters() if name in self.average}
        self._assign(self.average)
        self.module.eval()
        figures = self.measure()
        self.keep(figures)
        self.since_best += 1
        if self.score(figures) > self.best:
            self.best, self.since_best, self.figures = self.score(figures), 0, figures
            self.export()
        self._assign(live)

    def keep(self, figures: dict[str, float]) -> None:
        """Called with the figures of a check, which go to the history."""
        self._log(figures)

    def _log(self, figures: dict[str, float]) -> None:
        """Adds a row to the history: the step, the minutes so far, the mean losses since the last row, learning rate,
        speed, and figures on dev."""
        (began, first), now = self._since, time.monotonic()
        steps = self.step - first
        row: dict[str, float] = {"step": self.step, "minutes": self.elapsed / 60}
        row |= {f"loss {name}": value / max(steps, 1) for name, value in self._sums.items()}
        row |= {"rate": self.optimizer.param_groups[0]["lr"], "steps per second": steps / max(now - began, 1e-9)}
        row |= figures
        self._sums, self._since = {}, (now, self.step)
        with (self.folder / HISTORY).open("a", encoding="utf-8") as history:
            history.write(json.dumps(row) + "\n")
        self.logged(row)

    def _assign(self, values: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in self.module.named_parameters():
                if name in values:
                    parameter.copy_(values[name])

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def save(self) -> None:
        """Writes the checkpoint: everything that resuming needs."""
        state: dict[str, Any] = {
            "trained": {name: p.detach() for name, p in self.module.named_parameters() if name in self.average},
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "numbers": [self.step, self.elapsed, self.best, self.since_best],
            "figures": self.figures,
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_atomically(self._checkpoint, buffer.getbuffer())

    def load(self) -> None:
        """Takes over the state in the checkpoint; the history forgets the steps that are taken again.

        Raises:
            InputError: if the checkpoint is damaged, or that of another network.
        """
        try:
            self._restore(torch.load(self._checkpoint, weights_only=True, map_location=self.device))
        except (MemoryError, torch.cuda.OutOfMemoryError):
            raise
        except Exception as error:  # PyTorch says in many ways that it cannot read a file
            raise InputError(
                "The checkpoint in {folder} is damaged; train without --resume.", folder=self.folder.name
            ) from error
        forget_after(self.folder, self.step)

    def _restore(self, state: dict[str, Any]) -> None:
        for part in (state["trained"], state["average"]):
            if {name: value.shape for name, value in part.items()} != {n: v.shape for n, v in self.average.items()}:
                raise ValueError("not the parameters that are trained")
        step, elapsed, best, since_best = state["numbers"]
        self.step, self.elapsed, self.best, self.since_best = int(step), float(elapsed), float(best), int(since_best)
        self.figures = {str(name): float(value) for name, value in state["figures"].items()}
        self._assign(state["trained"])
        self.average = state["average"]
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"].cpu())


def moved(batch: Batch, device: torch.device) -> Batch:
    """A batch, a dataclass of tensors and such dataclasses, on a device."""
    if device.type == "cpu" or not is_dataclass(batch):
        return batch
    values = {field.name: getattr(batch, field.name) for field in fields(batch)}
    at_once = device.type == "cuda"  # what is in pinned memory is copied while the device works
    parts = {
        name: v.to(device, non_blocking=at_once) if isinstance(v, Tensor) else moved(v, device)
        for name, v in values.items()
    }
    return replace(batch, **parts)  # type: ignore[type-var]


def ahead(source: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches; the next one is prepared while the current one is used."""
    with ThreadPoolExecutor(1) as pool:
        upcoming = pool.submit(next, source)
        while True:
            batch = upcoming.result()
            upcoming = pool.submit(next, source)
            yield batch
