"""The engine in this process: it keeps models, photos and answers, and runs one request at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

import torch
from torch import Tensor

from vtviz.engine.cache import Kept
from vtviz.engine.engine import Batched, Request, Status
from vtviz.engine.run_log import RunLog
from vtviz.engine.slow_job import SlowJob
from vtviz.engine.turns import QUEUE, Turns
from vtviz.errors import UserError
from vtviz.inputs import ImageInput
from vtviz.jobs.lanes import Share
from vtviz.logs import new_id, note
from vtviz.machine import choose_device, device_label, is_out_of_memory, memory_mb, release_memory, trim_heap
from vtviz.models.base import FusionModel, ModelError, ShapedModel, for_photo
from vtviz.models.registry import families, load_model, offered_name
from vtviz.watch import Progress, Watch, watching

Value = TypeVar("Value")
Answer = TypeVar("Answer")
log = logging.getLogger("vtviz.engine")

KEPT_PHOTOS = 32
KEPT_ANSWERS = 8  # of a kind
KEPT_MODELS = 2
KEPT_SHARED = 2
TRIM_EVERY = 10.0  # seconds of work after which freed memory goes back to the machine

MOVED = (
    "The GPU ran out of memory, so this ran on the CPU; close other programs that use the GPU, or choose a "
    "smaller model."
)
FULL = "This machine is out of memory; choose a smaller model or a cheaper method, or close other programs."


@runtime_checkable
class Noticing(Protocol):
    """An answer with notices for the person."""

    notices: tuple[str, ...]


@dataclass(frozen=True)
class Bench:
    """What is at hand for one model, by its name and device."""

    name: str
    device: torch.device
    photos: Kept[Tensor]
    shared: Kept[Any]

    def features(self, model: FusionModel, image: ImageInput) -> Tensor:
        """What the model reads of a photo, ``[1, patches, channels]``; a known photo is not encoded again."""
        return self.photos.get(self._key(model, image), lambda: model.encode_image(image))

    def features_of(self, model: FusionModel, images: Sequence[ImageInput]) -> list[Tensor]:
        """The same of several photos; those that are not known are encoded together."""
        keys = [self._key(model, image) for image in images]
        known = {key: self.photos.values[key] for key in keys if key in self.photos.values}
        new = {key: image for key, image in zip(keys, images, strict=True) if key not in known}
        if new:
            encoded = model.encode_pixels(torch.cat([model.pixels(image) for image in new.values()]))
            known |= {key: row.clone() for key, row in zip(new, encoded.split(1), strict=True)}
        return [self.photos.get(key, partial(known.__getitem__, key)) for key in keys]

    def _key(self, model: FusionModel, image: ImageInput) -> Hashable:
        return (self.name, self.device, image.sha256, model.grid)

    def share(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What requests in a row have in common, made once."""
        return cast(Value, self.shared.get((self.name, self.device, key), make))


class LocalEngine:
    """Runs models in this process, one request at a time, so recordings never mix.

    Args:
        device: ``auto`` (the GPU where there is one), ``cpu``, ``cuda`` or ``mps``; a request may name another.
        models: how many models are kept; the one that was not used for longest is let go first.
        batches: whether requests that wait and can be answered together (see ``Batched``) are; where None, on CUDA.

    Raises:
        InputError: if there is no such device.
    """

    def __init__(self, device: str = "auto", models: int = KEPT_MODELS, batches: bool | None = None) -> None:
        self.device, self._batches = choose_device(device), batches
        families()  # their imports are slow, and no part of any answer
        self._turns = Turns()
        self.runs = RunLog(self.device)
        self._models = Kept[FusionModel](models, self._forget)
        self._photos = Kept[Tensor](KEPT_PHOTOS)
        self._shared = Kept[Any](KEPT_SHARED)
        self._trimmed_at = time.monotonic()
        self._answers: dict[tuple[str, bool], Kept[Any]] = {}

    def ask(self, request: Request[Answer], watch: Watch | None = None) -> Answer:
        """The answer of a request, in its turn.

        Raises:
            InputError: if the request asks for what the model cannot take.
            ModelError: if the model cannot be loaded.
            Busy: if too many requests are waiting already.
            Cancelled: if ``watch`` says so, or the same person asks for something else while this waits.
        """
        outer, gone, turns = watch or Watch(), threading.Event(), self._turns
        inner = Watch(
            outer.tell,
            lambda: gone.is_set() or turns.stopping.is_set() or outer.cancelled(),
            turns.let_pass,
            request_id=outer.request_id or new_id(),
        )
        try:
            if request.key is None:
                return turns.wait(lambda: self._run(request, inner), request.slow, outer, self._share(request, inner))
            with self.runs.asked():
                return turns.ask(self._maker(request, inner), request.slow, outer)
        finally:
            gone.set()  # whoever waits may have been interrupted

    def start(self, request: Request[Answer], watch: Watch | None = None) -> SlowJob[Answer]:
        """Begins a slow request, or gives the job that is at it already.

        Raises:
            Busy: if too many slow requests are waiting already.
        """
        return self._turns.start(str(self._key(request)), lambda inner: self._maker(request, inner), watch)

    def is_ready(self, request: Request[Answer]) -> bool:
        """Whether the answer is kept, or would not take many passes."""
        return not request.slow or self._key(request) in self._kept(request).values

    def is_loaded(self, model: str, device: str | None = None) -> bool:
        """Whether a model is kept, so that a request for it need not load it."""
        return (model, self._device(device)) in self._models.values

    def status(self) -> Status:
        """The engine at this moment."""
        device, runs = self.device, self.runs
        return Status(device_label(device), memory_mb(device), runs.waiting, QUEUE, runs.entries())

    def close(self) -> None:
        """Ends the worker once it is done."""
        self._turns.close()

    def _share(self, request: Request[Answer], watch: Watch) -> Share[Answer] | None:
        """The share of a request in a batch, where it can have one."""
        if not isinstance(request, Batched):
            return None
        device = self._device(request.device)
        if not (device.type == "cuda" if self._batches is None else self._batches):
            return None
        return Share((type(request), request.model, device), (request, watch), self._together)

    def _together(self, asked: list[tuple[Any, Watch]]) -> list[Any] | None:
        """The answers to requests of one kind for one model; None where each has to be answered alone."""
        requests, watches = [request for request, _ in asked], [watch for _, watch in asked]

        def hear(now: Progress) -> None:
            for watch in watches:
                watch.tell(now)

        joint = Watch(hear, lambda: all(watch.cancelled() for watch in watches), self._turns.let_pass)
        device = self._device(requests[0].device)
        with watching(joint):
            model, bench = self._at_hand(device, requests[0].model, joint)
        if isinstance(model, ShapedModel):  # each photo may need a grid of its own
            return None
        kind: type[Batched] = type(requests[0])
        return kind.answer_together(requests, model, partial(bench.features_of, model), joint)

    def _maker(self, request: Request[Answer], watch: Watch) -> Callable[[], Answer]:
        """Makes the answer where it is not kept, and notes in the log how long it waited from now on."""
        asked_at = time.perf_counter()
        kind, method = type(request).__name__, getattr(request, "method", None) or ""

        def make() -> Answer:
            about = (kind, str(request.key), request.model, method)
            return self.runs.timed(*about, asked_at, lambda: self._run(request, watch))

        return lambda: cast(Answer, self._kept(request).get(self._key(request), make))

    def _kept(self, request: Request[Answer]) -> Kept[Any]:
        """The last answers to requests of this kind. Those to slow ones are apart: in a crowd, quick ones would push an
        answer out before the page that waited minutes for it has shown it."""
        return self._answers.setdefault((type(request).__name__, request.slow), Kept(KEPT_ANSWERS))

    def _key(self, request: Request[Answer]) -> tuple[str, str | None, torch.device]:
        return type(request).__name__, request.key, self._device(request.device)

    def _device(self, name: str | None) -> torch.device:
        return self.device if name is None else choose_device(name)

    def _run(self, request: Request[Answer], watch: Watch) -> Answer:
        """The answer, of which the log tells how long it took."""
        began, event = time.perf_counter(), "answered"
        about: dict[str, object] = {"request": type(request).__name__, "model": offered_name(request.model)}
        with watching(watch):
            try:
                return self._answer(request, watch)
            except BaseException as error:
                event, about["error"] = "failed", type(error).__name__
                raise
            finally:
                note(log, event, {**about, "duration_ms": round((time.perf_counter() - began) * 1000, 1)})

    def _answer(self, request: Request[Answer], watch: Watch) -> Answer:
        """The answer; on the CPU where the memory of the device runs out."""
        device = self._device(request.device)
        try:
            return self._run_on(device, request, watch)
        except Exception as error:
            if isinstance(error, UserError) or not is_out_of_memory(error):
                raise
            if device.type == "cpu":
                raise ModelError(FULL) from error
        # Outside the handler, whose traceback would keep the tensors.
        self._models.values.pop((request.model, device), None)
        self._forget((request.model, device))
        try:
            answer = self._run_on(torch.device("cpu"), request, watch)
        except Exception as error:
            if isinstance(error, UserError) or not is_out_of_memory(error):
                raise
            raise ModelError(FULL) from error
        return replace(answer, notices=(MOVED, *answer.notices)) if isinstance(answer, Noticing) else answer  # type: ignore[type-var]

    def _run_on(self, device: torch.device, request: Request[Answer], watch: Watch) -> Answer:
        model, bench = self._at_hand(device, request.model, watch)
        image = getattr(getattr(request, "of", request), "image", None)
        suited = for_photo(model, image) if isinstance(image, ImageInput) else model
        return request.answer(suited, bench, watch)

    def _at_hand(self, device: torch.device, name: str, watch: Watch) -> tuple[FusionModel, Bench]:
        """A model, loaded where it is not yet, and what is kept for it."""
        watch.enter("load_model")
        model = self._models.get((name, device), lambda: load_model(name, device))
        if time.monotonic() - self._trimmed_at > TRIM_EVERY:
            trim_heap()
            self._trimmed_at = time.monotonic()
        return model, Bench(name, device, self._photos, self._shared)

    def _forget(self, key: Hashable) -> None:
        """Lets go of what was kept for a model, and gives its memory back."""
        for kept in (self._photos, self._shared):
            for stale in [item for item in kept.values if cast(tuple[Any, ...], item)[:2] == key]:
                del kept.values[stale]
        release_memory()
