"""Requests of one kind that wait are answered in the same passes, as each would be alone."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from vtviz.engine import local
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.tasks.search import EncodePhotos
from vtviz.evaluation.runs.requests import ScoreTexts
from vtviz.inputs import ImageInput, InputError
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Cancelled, Watch

TEXTS = (("a dog runs", "a cat"), ("a dog",), ("a red car on a street",))


@pytest.fixture
def passes(tiny: VtvizBase, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each pass of the small model had; it is the only model."""
    rows: list[int] = []

    def counted(run: Callable[..., Any]) -> Callable[..., Any]:
        def pass_(inputs: Any, *more: Any) -> Any:
            rows.append(len(inputs))
            return run(inputs, *more)

        return pass_

    for name in ("match_logits", "encode_pixels"):
        monkeypatch.setattr(tiny, name, counted(getattr(tiny, name)))
    monkeypatch.setattr(local, "load_model", lambda name, device: tiny)
    return rows


@pytest.fixture(params=[True, None])
def engine(request: pytest.FixtureRequest, passes: list[int]) -> Iterator[LocalEngine]:
    engine = LocalEngine("cpu", batches=request.param)
    yield engine
    engine.close()


def photos(photo: ImageInput, count: int) -> list[ImageInput]:
    return [ImageInput(np.roll(photo.pixels, 7 * shift, axis=1), f"{shift}" * 64) for shift in range(count)]


def answers(engine: LocalEngine, requests: list[Any], watches: list[Watch]) -> list[Any]:
    """What comes of requests that all wait at once."""
    found: list[Any] = [None] * len(requests)
    leave = threading.Event()

    def ask(place: int) -> None:
        try:
            found[place] = engine.ask(requests[place], watches[place])
        except (InputError, Cancelled) as error:
            found[place] = error

    holding = threading.Thread(target=lambda: engine._turns.ask(lambda: leave.wait(20)))
    holding.start()
    askers = [threading.Thread(target=ask, args=(place,)) for place in range(len(requests))]
    for asker in askers:
        asker.start()
    end = time.monotonic() + 20
    while len(engine._turns._slow) < sum(not watch.cancelled() for watch in watches):
        assert time.monotonic() < end
        time.sleep(0.005)
    leave.set()
    for thread in (holding, *askers):
        thread.join(20)
    return found


def test_what_waits_is_answered_at_once_as_it_is_alone(
    engine: LocalEngine, passes: list[int], tiny: VtvizBase, photo: ImageInput, request: pytest.FixtureRequest
) -> None:
    one, two, three = photos(photo, 3)
    scored = [ScoreTexts("tiny", image, texts) for image, texts in zip((one, two, three), TEXTS, strict=True)]
    encoded = [EncodePhotos((one, two), "tiny"), EncodePhotos((three,), "tiny")]
    heard: list[str] = []
    watches = [Watch(lambda now: heard.append(now.stage), who=str(place)) for place in range(5)]
    found = answers(engine, [*scored, *encoded], watches)
    together = request.node.callspec.params["engine"]
    assert sorted(passes) == ([3, 3, 4] if together else [1, 1, 1, 1, 1, 1, 2, 2]) and "encode" in heard
    alone = LocalEngine("cpu")
    for own, asked in zip(found, scored, strict=False):
        np.testing.assert_allclose(own, alone.ask(asked), atol=1e-5)
    for own, photos_of in zip(found[3:], encoded, strict=True):
        expected = alone.ask(photos_of)
        np.testing.assert_allclose(own.vectors, expected.vectors, atol=1e-5)
        assert {name: part.shape for name, part in own.parts.items()} == {n: p.shape for n, p in expected.parts.items()}
        steps = own.parts["local"].astype(int) - expected.parts["local"].astype(int)
        assert np.abs(steps).max() <= 1  # of eight bits
    alone.close()


@pytest.mark.parametrize("engine", [True], indirect=True)
def test_one_that_fails_or_leaves_costs_no_other(engine: LocalEngine, passes: list[int], photo: ImageInput) -> None:
    requests = [ScoreTexts("tiny", photo, (text,)) for text in ("a dog", "?!", "a dog runs", "a cat")]
    gone = Watch(cancelled=lambda: True)
    good, bad, other, left = answers(engine, requests, [Watch(), Watch(), Watch(), gone])
    assert isinstance(bad, InputError) and isinstance(left, Cancelled)
    np.testing.assert_allclose([good, other], [engine.ask(requests[0]), engine.ask(requests[2])], atol=1e-5)
