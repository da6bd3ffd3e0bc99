"""The engine in this process: one worker, a bounded queue, caches of photos and answers.

A slow request lets the quick ones pass between its batches.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Generic, Protocol, TypeVar, cast

import torch
from torch import Tensor

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.base import Case, Options, Watch, complete
from vtviz.attribution.maps import chosen_layer
from vtviz.attribution.registry import find_method, methods
from vtviz.attribution.targets import parse_target
from vtviz.engine.explanation import Explanation, Request
from vtviz.engine.jobs import Job
from vtviz.engine.log import RunLog
from vtviz.errors import UserError
from vtviz.inputs import ImageInput, InputError
from vtviz.metrics.system import (
    choose_device,
    device_label,
    is_out_of_memory,
    memory_mb,
    release_memory,
    synchronise,
    versions,
)
from vtviz.models.base import MATCH, AnswerModel, CaptionModel, FusionModel, ModelError, Target, as_score
from vtviz.models.progress import OnShare, hearing
from vtviz.models.record import AttentionLayer, AttentionRecord
from vtviz.models.registry import DEFAULT_MODEL, families, load_model
from vtviz.tasks.answer import Answer, answer_question
from vtviz.tasks.caption import Caption, write_captions

KEPT_PHOTOS = 32
KEPT_ANSWERS = 8
KEPT_MODELS = 2
QUEUE = 16
STAGES = ("load_model", "image_features", "forward", "attribution")

MOVED = (
    "The memory of the GPU was full, so this ran on the CPU; close other programs that use it, or choose a smaller "
    "model."
)
FULL = "The memory of this machine is full; choose a smaller model or method, or close other programs."
POLL = 0.2  # seconds between reports to a person who waits

OnStage = Callable[[str], None]


class Engine(Protocol):
    """The only door to a model."""

    def explain(self, request: Request, on_stage: OnStage | None = None, watch: Watch | None = None) -> Explanation:
        """The model's answer and what led to it; ``on_stage`` hears each stage of STAGES as it begins, and ``watch``
        the progress of the attribution, which it may cancel."""

    def target(self, model: str, written: str) -> Target:
        """A target of a model as a person writes it."""

    def captions(self, image: ImageInput, model: str = DEFAULT_MODEL, device: str | None = None) -> list[Caption]:
        """Captions of a photo, best first."""

    def answer(self, image: ImageInput, question: str, model: str = DEFAULT_MODEL, device: str | None = None) -> Answer:
        """The likeliest answers to a question about a photo."""


class Busy(UserError, RuntimeError):
    """Too many requests are waiting."""


Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The last ``size`` values by key. ``on_drop`` hears each key whose value was let go, before another is made."""

    def __init__(self, size: int, on_drop: Callable[[Hashable], None] = lambda key: None) -> None:
        self.size, self.on_drop, self.values = size, on_drop, OrderedDict[Hashable, Value]()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value kept under a key, made first where there is none."""
        if key not in self.values:
            while len(self.values) >= self.size:
                self.on_drop(self.values.popitem(last=False)[0])
            self.values[key] = make()
        self.values.move_to_end(key)
        return self.values[key]


class LocalEngine:
    """Runs models in this process, one request at a time, so recordings never mix.

    Args:
        device: ``auto`` (the GPU where there is one), ``cpu``, ``cuda`` or ``mps``; a request may name another.
        models: how many models are kept; the one that was not used for longest is let go first.

    Raises:
        InputError: if there is no such device.
    """

    def __init__(self, device: str = "auto", models: int = KEPT_MODELS) -> None:
        self.device = choose_device(device)
        families()  # their imports are slow, and no part of any answer
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="vtviz-engine")
        self._places = threading.BoundedSemaphore(QUEUE)
        self.runs = RunLog(self.device)
        self._waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._jobs: dict[str, Job] = {}
        self._jobs_lock = threading.Lock()
        self._models = Kept[FusionModel](models, self._forget)
        self._photos = Kept[Tensor](KEPT_PHOTOS)
        self._explanations = Kept[Explanation](KEPT_ANSWERS)
        self._captions = Kept[list[Caption]](KEPT_ANSWERS)
        self._answers = Kept[Answer](KEPT_ANSWERS)

    def explain(self, request: Request, on_stage: OnStage | None = None, watch: Watch | None = None) -> Explanation:
        """The model's answer and what led to it.

        Raises:
            InputError: if the text, the target, the method or an option is not one that the model can take.
            ModelError: if the model cannot be loaded.
            Busy: if ``QUEUE`` requests are waiting already.
            Cancelled: if ``watch`` says so.
        """
        heard = on_stage or (lambda stage: None)
        slow = self._is_slow(request)
        if slow:
            watch = replace(watch or Watch(), pause=self._let_pass)
        with self.runs.asked():
            run = self._logged(request, lambda: self._explained(request, heard, watch))
            return self._in_turn(self._key(request), run, self._explanations, slow)

    def start(self, request: Request) -> Job:
        """Begins a slow request, or gives the job that is at it already.

        Raises:
            Busy: if ``QUEUE`` requests are waiting already.
        """
        key = self._key(request)
        with self._jobs_lock:
            if key in self._jobs:
                return self._jobs[key]
            self._take_place()
            job = self._jobs[key] = Job()
            watch = job.watch(self._let_pass)
            run = self._logged(request, lambda: self._explained(request, lambda stage: None, watch))
            job.future = self._worker.submit(self._explanations.get, key, run)
        job.future.add_done_callback(lambda _: self._finish(key))
        return job

    def is_ready(self, request: Request) -> bool:
        """Whether the explanation is kept, or would not take many passes."""
        return not self._is_slow(request) or self._key(request) in self._explanations.values

    def load(self, model: str, device: str | None = None, on_share: OnShare | None = None) -> FusionModel:
        """A model, loaded where it is not yet; ``on_share`` hears from this thread how far its download has come.

        Raises:
            InputError: if there is no such device.
            ModelError: if the model cannot be loaded.
        """
        place, heard = self._device(device), [("load", 0.0)]

        def load() -> FusionModel:
            with hearing(lambda what, share: heard.append((what, share))):
                return self._model(model, place)

        waiting = self._worker.submit(load)
        while True:
            try:
                return waiting.result(POLL)
            except TimeoutError:
                if on_share is not None:
                    on_share(*heard[-1])
                del heard[:-1]

    def is_loaded(self, model: str, device: str | None = None) -> bool:
        """Whether a model is kept, so that a request for it need not load it."""
        return (model, self._device(device)) in self._models.values

    def captions(self, image: ImageInput, model: str = DEFAULT_MODEL, device: str | None = None) -> list[Caption]:
        """Captions of a photo, best first.

        Raises:
            InputError: if the model writes no captions.
            ModelError: if the model cannot be loaded.
            Busy: if ``QUEUE`` requests are waiting already.
        """

        def write() -> list[Caption]:
            loaded = self._model(model, place)
            if not isinstance(loaded, CaptionModel):
                raise InputError("The model {model} writes no captions.", model=model)
            return write_captions(loaded, self._features(model, loaded, image), loaded.frame(image))

        place = self._device(device)
        return self._in_turn((model, place, image.sha256), write, self._captions)

    def answer(self, image: ImageInput, question: str, model: str = DEFAULT_MODEL, device: str | None = None) -> Answer:
        """The likeliest answers to a question about a photo.

        Raises:
            InputError: if the question holds nothing to read, or the model answers no questions.
            ModelError: if the model cannot be loaded.
            Busy: if ``QUEUE`` requests are waiting already.
        """

        def answer() -> Answer:
            loaded = self._model(model, place)
            if not isinstance(loaded, AnswerModel):
                raise InputError("The model {model} answers no questions.", model=model)
            return answer_question(loaded, self._features(model, loaded, image), question)

        place = self._device(device)
        return self._in_turn((model, place, image.sha256, question), answer, self._answers)

    def target(self, model: str, written: str) -> Target:
        """A target as a person writes it: ``match``, ``similarity``, ``caption:PLACE`` or ``answer:WORDS``.

        Raises:
            InputError: if it is none of these, or the model does not know the answer.
            ModelError: if the model cannot be loaded.
        """
        return self._quick(lambda: parse_target(self._model(model, self.device), written)).result()

    def use(self, model: str, work: Callable[[FusionModel], Value]) -> Value:
        """Runs ``work`` with a model while nobody else runs it. It should be short: everyone else waits.

        Raises:
            ModelError: if the model cannot be loaded.
        """
        return self._worker.submit(lambda: work(self._model(model, self.device))).result()

    def close(self) -> None:
        """Ends the worker once it is done."""
        self._worker.shutdown()

    def _in_turn(self, key: Hashable, make: Callable[[], Value], kept: Kept[Value], slow: bool = False) -> Value:
        self._take_place()
        try:
            if slow:
                return self._worker.submit(kept.get, key, make).result()
            return self._quick(lambda: kept.get(key, make)).result()
        finally:
            self._places.release()

    def _quick(self, run: Callable[[], Value]) -> Future[Value]:
        """The result of ``run``, in its turn, or between two batches of a slow request."""
        future: Future[Value] = Future()

        def answer() -> None:
            try:
                future.set_result(run())
            except BaseException as error:  # whoever waits for it is told
                future.set_exception(error)

        self._waiting.put(answer)
        self._worker.submit(self._let_pass)
        return future

    def _let_pass(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()()  # only the worker takes from the queue

    def _logged(self, request: Request, run: Callable[[], Explanation]) -> Callable[[], Explanation]:
        """``run``, noted in the log with the time that it waited from now on."""
        asked_at = time.perf_counter()
        return lambda: self.runs.timed(request, asked_at, run)

    def _take_place(self) -> None:
        if not self._places.acquire(blocking=False):
            raise Busy("Too many people are asking at once; try again in a moment.")

    def _finish(self, key: str) -> None:
        with self._jobs_lock:
            self._jobs.pop(key, None)
        self._places.release()

    def _is_slow(self, request: Request) -> bool:
        return request.method is not None and request.method in methods() and methods()[request.method].perturbs

    def _key(self, request: Request) -> str:
        return f"{request.fingerprint} {self._device(request.device)}"

    def _device(self, name: str | None) -> torch.device:
        return self.device if name is None else choose_device(name)

    def _model(self, name: str, device: torch.device) -> FusionModel:
        return self._models.get((name, device), lambda: load_model(name, device))

    def _forget(self, key: Hashable) -> None:
        """Lets go of what was kept for a model, and gives its memory back."""
        name, device = cast(tuple[str, torch.device], key)
        for photo in [each for each in self._photos.values if cast(tuple[str, ...], each)[:2] == (name, device)]:
            del self._photos.values[photo]
        release_memory()

    def _features(self, name: str, model: FusionModel, image: ImageInput) -> Tensor:
        return self._photos.get((name, model.device, image.sha256), lambda: model.encode_image(image))

    def _explained(self, request: Request, on_stage: OnStage, watch: Watch | None) -> Explanation:
        """On the CPU where the memory of the device runs out."""
        device = self._device(request.device)
        try:
            return self._run(request, on_stage, watch, device)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if device.type == "cpu":
                raise ModelError(FULL) from error
        # Outside the handler, whose traceback would keep the tensors.
        self._models.values.pop((request.model, device), None)
        self._forget((request.model, device))
        explanation = self._run(request, on_stage, watch, torch.device("cpu"))
        return replace(explanation, notices=(MOVED, *explanation.notices))

    def _run(self, request: Request, on_stage: OnStage, watch: Watch | None, device: torch.device) -> Explanation:
        timings: dict[str, float] = {}

        @contextmanager
        def stage(name: str) -> Iterator[None]:
            on_stage(name)
            began = time.perf_counter()
            yield
            synchronise(device)
            timings[name] = round((time.perf_counter() - began) * 1000, 2)

        with stage("load_model"):
            model = self._model(request.model, device)
            method = find_method(request.method or model.default_method)
            tokens = model.tokenize(request.text)
        with stage("image_features"):
            features = self._features(request.model, model, request.image)
        options = complete(method, request.options)
        match = Case(model, request.image, [tokens.text], features=features)
        case = match if request.target == match.target else Case(model, request.image, [tokens.text], request.target)
        with stage("forward"):
            forward = match.forward(gradient=case is match and method.needs_gradient)
        if "text→image" in model.abilities.kinds[MATCH.kind]:
            chosen_layer(forward, Options(request.layer, request.head))
        with stage("attribution"):
            (relevance,) = attribute_case(case, method.name, request.options, watch)
        layers = tuple(
            AttentionLayer(layer.name, layer.kind, layer.weights.detach()[0].float().cpu())
            for layer in forward.attention.layers
        )
        return Explanation(
            image=request.image,
            tokens=tokens,
            model=request.model,
            weights_sha256=model.weights_sha256,
            method=method.name,
            layer=model.default_layer if request.layer is None else request.layer,
            head=request.head,
            target=request.target,
            options=options,
            score=float(as_score(forward.values.detach(), model.score_kind)),
            threshold=model.threshold,
            grid=model.grid,
            text_offset=model.text_offset,
            record=AttentionRecord(layers),
            relevance=relevance,
            unknown=model.unknown_words([word.text for word in tokens.words]),
            timings_ms={**timings, "total": round(sum(timings.values()), 2)},
            device=device_label(device),
            memory_mb=round(memory_mb(device), 1),
            versions=versions(),
            fingerprint=request.fingerprint,
            score_kind=model.score_kind,
            frame=model.frame(request.image),
            image_offset=model.image_offset,
            notices=model.notices,
        )
