"""An engine that is away, that does not know the app, that comes back, and whose askers leave."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.serve.running import running
from vtviz.attribution.options import Options
from vtviz.audit.requests import DrawCase
from vtviz.engine.local import LocalEngine
from vtviz.engine.remote.choose import give_engine, open_engine, shared_engine
from vtviz.engine.remote.client import AWAY, EngineAway, RemoteEngine
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.tasks.search import EncodePhotos
from vtviz.inputs import ImageInput, InputError
from vtviz.watch import Cancelled, Watch

TEXT = "a dog runs"
NOBODY = "http://127.0.0.1:9"  # the port of the discard service, where nobody listens


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def test_an_engine_that_is_away_is_one_sentence(photo: ImageInput) -> None:
    engine = RemoteEngine(NOBODY)
    for call in (engine.ask, engine.start):
        with pytest.raises(EngineAway, match="does not answer"):
            call(Explain(photo, TEXT))
    with pytest.raises(EngineAway):
        engine.status()
    assert not engine.is_loaded("vtviz-base") and not engine.is_ready(Explain(photo, TEXT, method="rise"))


def test_an_engine_that_wants_another_token_says_so(tiny_engine: LocalEngine, photo: ImageInput) -> None:
    with running(tiny_engine, token="right") as address:
        with pytest.raises(EngineAway, match="VTVIZ_ENGINE_TOKEN"):
            RemoteEngine(address, "wrong").ask(Explain(photo, TEXT))
        assert RemoteEngine(address, "right").ask(Explain(photo, TEXT)).score


def test_no_address_is_refused() -> None:
    with pytest.raises(InputError, match="no address"):
        RemoteEngine("localhost:8600")


def test_a_page_works_again_once_the_engine_is_back(tiny_engine: LocalEngine, photo: ImageInput) -> None:
    with running(tiny_engine) as address:
        engine = RemoteEngine(address)
        first = engine.ask(Explain(photo, TEXT))
    with pytest.raises(EngineAway):
        engine.ask(Explain(photo, TEXT))
    with running(tiny_engine, port=int(address.rsplit(":", 1)[1])):
        assert engine.ask(Explain(photo, TEXT)).score == first.score


def test_long_work_waits_until_the_engine_is_back(tiny_engine: LocalEngine, photo: ImageInput, tmp_path: Path) -> None:
    with running(tiny_engine) as address:
        engine = RemoteEngine(address)
    heard: list[str] = []
    watch = Watch(lambda now: heard.append(now.stage))
    answers: list[object] = []
    row = DrawCase("vtviz-base", "raw_attention", photo, TEXT)
    asker = threading.Thread(target=lambda: answers.append(engine.ask(row, watch)))
    asker.start()
    until(lambda: AWAY in heard)
    with running(tiny_engine, port=int(address.rsplit(":", 1)[1])):
        asker.join(60)
    assert len(answers) == 1
    gone = Watch(cancelled=lambda: True)
    with pytest.raises(Cancelled):
        engine.ask(row, gone)


def test_large_photos_travel_and_what_is_too_large_is_refused_once(
    tiny_engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = EncodePhotos((ImageInput(np.zeros((4800, 4800, 3), np.uint8), "0" * 64),))  # 66 MiB
    with running(tiny_engine) as address:
        engine = RemoteEngine(address)
        assert len(engine.ask(large).vectors) == 1
        monkeypatch.setattr("vtviz.serve.guard.MOST_BODY", 2**20)
        with pytest.raises(InputError, match="larger than the engine"):
            engine.ask(large)
        monkeypatch.setattr("vtviz.engine.remote.client.MOST_BODY", 2**20)
        with pytest.raises(InputError, match="larger than the engine"):
            engine.ask(large)


def test_whoever_leaves_cancels_the_work_unless_another_looks_on(tiny_engine: LocalEngine, photo: ImageInput) -> None:
    slow = Explain(photo, TEXT, method="rise", options=Options(samples=20_000))
    with running(tiny_engine) as address:
        one, other = RemoteEngine(address), RemoteEngine(address)
        first, second = one.start(slow), other.start(slow)
        until(lambda: first.now.done > 0 and second.now.done > 0)
        first.cancel()
        with pytest.raises(Cancelled):
            first.future.result(30)
        before = second.now.done
        until(lambda: second.now.done > before)
        second.cancel()
        with pytest.raises(Cancelled):
            second.future.result(30)
        until(lambda: tiny_engine.start(slow).cancel() or tiny_engine.status().waiting == 0)


def test_the_environment_names_the_engine(monkeypatch: pytest.MonkeyPatch, tiny_engine: LocalEngine) -> None:
    monkeypatch.setenv("VTVIZ_ENGINE", NOBODY)
    assert isinstance(open_engine(), RemoteEngine)
    monkeypatch.setattr("vtviz.engine.remote.choose._given", [])
    give_engine(tiny_engine)
    assert shared_engine() is tiny_engine
