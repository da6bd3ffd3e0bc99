"""The engine in this process: it keeps models, photos and answers, and runs one request at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import TypeVar, cast

import torch
from torch import Tensor

from vtviz.attribution.registry import methods
from vtviz.attribution.targets import parse_target
from vtviz.engine.cache import Kept
from vtviz.engine.explain import OnStage, run
from vtviz.engine.explanation import Explanation, Request
from vtviz.engine.run_log import RunLog
from vtviz.engine.slow_job import Job
from vtviz.engine.turns import Turns
from vtviz.inputs import ImageInput, InputError
from vtviz.machine import choose_device, is_out_of_memory, release_memory
from vtviz.models.base import AnswerModel, CaptionModel, FusionModel, ModelError, Target
from vtviz.models.progress import OnShare, hearing
from vtviz.models.registry import DEFAULT_MODEL, families, load_model
from vtviz.tasks.answer import Answer, answer_question
from vtviz.tasks.caption import Caption, write_captions
from vtviz.watch import Watch

Value = TypeVar("Value")

KEPT_PHOTOS = 32
KEPT_ANSWERS = 8
KEPT_MODELS = 2

MOVED = (
    "The GPU ran out of memory, so this ran on the CPU; close other programs that use the GPU, or choose a smaller "
    "model."
)
FULL = "This machine has run out of memory; choose a smaller model or a cheaper method, or close other programs."
POLL = 0.2  # seconds between reports to a person who waits


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
        self._turns = Turns()
        self.runs = RunLog(self.device)
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
            watch = replace(watch or Watch(), pause=self._turns.let_pass)
        with self.runs.asked():
            return self._turns.ask(self._maker(request, heard, watch), slow)

    def start(self, request: Request) -> Job:
        """Begins a slow request, or gives the job that is at it already.

        Raises:
            Busy: if ``QUEUE`` requests are waiting already.
        """
        return self._turns.start(self._key(request), lambda watch: self._maker(request, lambda stage: None, watch))

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

        waiting = self._turns.quick(load)
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

    def captions(
        self, image: ImageInput, model: str = DEFAULT_MODEL, device: str | None = None, watch: Watch | None = None
    ) -> list[Caption]:
        """Captions of a photo, best first.

        Raises:
            InputError: if the model writes no captions.
            ModelError: if the model cannot be loaded.
            Busy: if ``QUEUE`` requests are waiting already.
            Cancelled: if ``watch`` says so.
        """

        def write() -> list[Caption]:
            loaded = self._model(model, place)
            if not isinstance(loaded, CaptionModel):
                raise InputError("The model {model} cannot write captions; choose another model.", model=model)
            return write_captions(loaded, self._features(model, loaded, image), loaded.frame(image), watch=watch)

        place = self._device(device)
        key = (model, place, image.sha256)
        return self._turns.ask(lambda: self._captions.get(key, write))

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
                raise InputError("The model {model} cannot answer questions; choose another model.", model=model)
            return answer_question(loaded, self._features(model, loaded, image), question)

        place = self._device(device)
        key = (model, place, image.sha256, question)
        return self._turns.ask(lambda: self._answers.get(key, answer))

    def target(self, model: str, written: str) -> Target:
        """A target as a person writes it: ``match``, ``similarity``, ``caption:PLACE`` or ``answer:WORDS``.

        Raises:
            InputError: if it is none of these, or the model does not know the answer.
            ModelError: if the model cannot be loaded.
        """
        return self._turns.quick(lambda: parse_target(self._model(model, self.device), written)).result()

    def use(self, model: str, work: Callable[[FusionModel], Value], slow: bool = False) -> Value:
        """Runs ``work`` with a model while nobody else runs it; everyone else waits until it ends.

        ``slow`` work lets requests that are not slow run wherever it calls ``let_pass``.

        Raises:
            ModelError: if the model cannot be loaded.
        """
        run = self._turns.submit if slow else self._turns.quick
        return run(lambda: work(self._model(model, self.device))).result()

    def features(self, model: str, image: ImageInput) -> Tensor:
        """What a model reads of a photo, ``[1, patches, channels]``; a known photo is not encoded again.

        Raises:
            ModelError: if the model cannot be loaded.
        """
        return self._turns.quick(lambda: self._features(model, self._model(model, self.device), image)).result()

    def let_pass(self) -> None:
        """Answers the requests that wait and are not slow. For slow work inside ``use``, where it holds no model."""
        self._turns.let_pass()

    def close(self) -> None:
        """Ends the worker once it is done."""
        self._turns.close()

    def _maker(self, request: Request, on_stage: OnStage, watch: Watch | None) -> Callable[[], Explanation]:
        """Makes the explanation where it is not kept, and notes in the log how long it waited from now on."""
        key, asked_at = self._key(request), time.perf_counter()

        def make() -> Explanation:
            return self.runs.timed(request, asked_at, lambda: self._explained(request, on_stage, watch))

        return lambda: self._explanations.get(key, make)

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
            return self._run(request, device, on_stage, watch)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if device.type == "cpu":
                raise ModelError(FULL) from error
        # Outside the handler, whose traceback would keep the tensors.
        self._models.values.pop((request.model, device), None)
        self._forget((request.model, device))
        explanation = self._run(request, torch.device("cpu"), on_stage, watch)
        return replace(explanation, notices=(MOVED, *explanation.notices))

    def _run(self, request: Request, device: torch.device, on_stage: OnStage, watch: Watch | None) -> Explanation:
        def load() -> FusionModel:
            return self._model(request.model, device)

        def features_of(model: FusionModel) -> Tensor:
            return self._features(request.model, model, request.image)

        return run(request, device, load, features_of, on_stage, watch)
