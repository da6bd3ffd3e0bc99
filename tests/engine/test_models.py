"""Which models an engine keeps, where they run, and what happens when memory runs out."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch

from vtviz import machine as system
from vtviz.engine import local
from vtviz.engine.cache import Kept
from vtviz.engine.engine import Engine
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.captions_and_answers import AnswerQuestion, WriteCaptions
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.faithfulness import MeasureFaithfulness
from vtviz.engine.requests.heads import MeasureHeads
from vtviz.engine.requests.metrics import MeasureMetric
from vtviz.engine.requests.model import LoadedModel, LoadModel, ReadTarget
from vtviz.inputs import ImageInput, InputError
from vtviz.machine import choose_device, device_names, is_out_of_memory
from vtviz.models.base import ModelError
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Cancelled, Watch, current_watch


class Model:
    """Enough of a model to be kept."""

    weights_sha256 = "0" * 64

    def __init__(self, name: str, device: torch.device) -> None:
        self.name, self.device = name, device


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> dict[str, weakref.ref[Model]]:
    """The models that were loaded, in order, by their name and device."""
    made: dict[str, weakref.ref[Model]] = {}

    def load(name: str, device: torch.device) -> Any:
        model = Model(name, device)
        made[f"{name} on {device}"] = weakref.ref(model)
        current_watch().reach("download_share", 1, 2)
        return model

    monkeypatch.setattr(local, "load_model", load)
    return made


def test_the_model_unused_for_longest_is_let_go_before_another_is_loaded(
    make_engine: Callable[[], Engine], loads: dict[str, weakref.ref[Model]]
) -> None:
    engine = make_engine()
    for name in "abac":
        engine.ask(LoadModel(name))
    assert engine.is_loaded("a") and engine.is_loaded("c") and not engine.is_loaded("b")
    engine.ask(LoadModel("d"))
    gc.collect()
    assert loads["a on cpu"]() is None and list(loads) == [f"{name} on cpu" for name in "abcd"]


def test_room_is_made_before_a_value_is() -> None:
    dropped: list[Any] = []
    kept = Kept[int](1, dropped.append)
    kept.get("a", lambda: 1)
    kept.get("b", lambda: len(dropped))
    assert kept.values == {"b": 1} and dropped == ["a"]


def test_a_load_tells_how_far_it_is(make_engine: Callable[[], Engine], loads: dict[str, weakref.ref[Model]]) -> None:
    heard: list[tuple[str, float]] = []
    facts = make_engine().ask(LoadModel("a"), Watch(lambda now: heard.append((now.stage, now.share))))
    assert heard == [("load_model", 0.0), ("download_share", 0.0), ("download_share", 0.5)]
    assert facts == LoadedModel("a", "0" * 64, "cpu")


def test_a_download_that_nobody_waits_for_is_cancelled(
    make_engine: Callable[[], Engine], loads: dict[str, weakref.ref[Model]]
) -> None:
    engine = make_engine()
    with pytest.raises(Cancelled):
        engine.ask(LoadModel("a"), Watch(cancelled=lambda: True))
    if isinstance(engine, LocalEngine):  # elsewhere it may be done before it hears that nobody waits
        assert not engine.is_loaded("a")


def test_a_full_gpu_gives_way_to_the_cpu_with_a_notice(cat: ImageInput, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = LocalEngine("cpu")
    gpu, real = torch.device("meta"), local.load_model
    monkeypatch.setattr(engine, "device", gpu)

    def load(name: str, device: torch.device) -> Any:
        if device == gpu:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return real(name, device)

    monkeypatch.setattr(local, "load_model", load)
    try:
        explanation = engine.ask(Explain(cat, "a cat"))
        assert "ran on the CPU" in explanation.notices[0] and explanation.device.startswith("CPU")
        with pytest.raises(ModelError, match="machine is out of memory"):
            monkeypatch.setattr(local, "load_model", lambda name, device: load(name, gpu))
            engine._models.values.clear()
            engine.ask(Explain(cat, "another cat", device="cpu"))
    finally:
        engine.close()


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    assert device_names()[-1] == "cpu" and choose_device("auto") == torch.device(device_names()[0])
    with pytest.raises(InputError, match="no device called"):
        choose_device("warp")
    monkeypatch.setattr(system.torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(system.torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("mps") and choose_device("mps") == torch.device("mps")
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (allocated 9 GB)"))
    assert is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"))
    assert not is_out_of_memory(RuntimeError("shapes do not fit"))


def test_every_request_runs_on_the_device_that_was_picked(
    tiny: VtvizBase, photo: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def load(name: str, device: torch.device) -> Any:
        loaded.append(str(device))
        return tiny

    monkeypatch.setattr(local, "load_model", load)
    engine = LocalEngine("cpu")
    monkeypatch.setattr(engine, "device", torch.device("meta"))  # the engine's own, which nobody asks for
    try:
        made = engine.ask(Explain(photo, "a dog", "tiny", "attention_gradcam", device="cpu"))
        engine.ask(ReadTarget("answer:no", "tiny", "cpu"))
        engine.ask(AnswerQuestion(photo, "a dog", "tiny", "cpu"))
        engine.ask(WriteCaptions(photo, "tiny", "cpu"))
        for request in (MeasureFaithfulness(made.attribution), MeasureHeads.of(made)):
            engine.ask(request)
        engine.ask(MeasureMetric(made.attribution, "insertion"))
        assert loaded == ["cpu"]  # and not a second time for another device
    finally:
        engine.close()
