"""Which models an engine keeps, where they run, and what happens when memory runs out."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import torch

from vtviz import machine as system
from vtviz.engine import local
from vtviz.engine.cache import Kept
from vtviz.engine.explanation import Request
from vtviz.engine.local import LocalEngine
from vtviz.inputs import ImageInput, InputError
from vtviz.machine import choose_device, device_names, is_out_of_memory
from vtviz.models.base import ModelError
from vtviz.models.progress import report


class Model:
    """Enough of a model to be kept."""

    def __init__(self, name: str, device: torch.device) -> None:
        self.name, self.device = name, device


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []

    def load(name: str, device: torch.device) -> Any:
        made.append(f"{name} on {device}")
        report("download_share", 0.5)
        return Model(name, device)

    monkeypatch.setattr(local, "load_model", load)
    return made


def test_the_model_unused_for_longest_is_let_go_before_another_is_loaded(loads: list[str]) -> None:
    engine = LocalEngine("cpu", models=2)
    try:
        first = weakref.ref(engine.load("a"))
        engine.load("b")
        engine.load("a")
        engine.load("c")
        assert engine.is_loaded("a") and engine.is_loaded("c") and not engine.is_loaded("b")
        engine.load("d")
        gc.collect()
        assert first() is None and loads == ["a on cpu", "b on cpu", "c on cpu", "d on cpu"]
    finally:
        engine.close()


def test_room_is_made_before_a_value_is() -> None:
    dropped: list[Any] = []
    kept = Kept[int](1, dropped.append)
    kept.get("a", lambda: 1)
    kept.get("b", lambda: len(dropped))
    assert kept.values == {"b": 1} and dropped == ["a"]


def test_a_load_tells_how_far_it_is(loads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "POLL", 0.01)
    slow = local.load_model

    def load(name: str, device: torch.device) -> Any:
        report("download_share", 0.25)
        threading_wait.wait(5)
        return slow(name, device)

    import threading

    threading_wait = threading.Event()
    monkeypatch.setattr(local, "load_model", load)
    heard: list[tuple[str, float]] = []

    def hear(what: str, share: float) -> None:
        heard.append((what, share))
        if share == 0.25:
            threading_wait.set()

    engine = LocalEngine("cpu")
    try:
        engine.load("a", on_share=hear)
    finally:
        engine.close()
    assert ("download_share", 0.25) in heard


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
        explanation = engine.explain(Request(cat, "a cat"))
        assert "ran on the CPU" in explanation.notices[0] and explanation.device.startswith("CPU")
        with pytest.raises(ModelError, match="run out of memory"):
            monkeypatch.setattr(local, "load_model", lambda name, device: load(name, gpu))
            engine._models.values.clear()
            engine.explain(Request(cat, "another cat", device="cpu"))
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
