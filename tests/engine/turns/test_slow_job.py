"""Slow requests: they let quick ones pass, tell their progress, and stop when asked to."""

import time
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from vtviz.attribution.options import Options
from vtviz.engine.engine import Engine
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.model import ReadTarget
from vtviz.inputs import ImageInput
from vtviz.models.base import Target
from vtviz.watch import Cancelled, Watch

TEXT = "A brown cat"


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def test_a_quick_request_passes_a_slow_one_which_is_shared_and_can_be_cancelled(
    engine: Engine, cat: ImageInput
) -> None:
    slow = Explain(cat, TEXT, method="rise", options=Options(samples=20_000))
    assert not engine.is_ready(slow) and engine.is_ready(Explain(cat, TEXT))
    job = engine.start(slow)
    assert engine.start(slow) is job
    until(lambda: job.now.done > 0)
    engine.ask(Explain(cat, TEXT + " looks"))
    assert not job.future.done() and job.now.total == 20_000
    job.cancel()
    with pytest.raises(Cancelled):
        job.future.result(60)
    until(lambda: engine.start(slow) is not job)
    engine.start(slow).cancel()
    assert engine.ask(Explain(cat, TEXT)).score > 0


def test_a_job_that_waits_is_cancelled_at_once(engine: Engine, cat: ImageInput) -> None:
    first, second = (
        engine.start(Explain(cat, TEXT, method="rise", options=Options(samples=20_000, seed=seed))) for seed in (3, 4)
    )
    until(lambda: first.now.done > 0)
    assert not first.stopping and not second.stopping
    second.cancel()
    assert second.stopping and second.future.done() and isinstance(second.error(), Cancelled)
    assert not first.future.done()
    first.cancel()
    until(first.future.done)
    assert isinstance(first.error(), Cancelled)


def test_a_finished_job_is_kept(engine: Engine, cat: ImageInput) -> None:
    request = Explain(cat, TEXT, method="occlusion", options=Options(window=20))
    future: Future = engine.start(request).future
    assert engine.is_ready(request) or future.result(60)
    assert engine.ask(request).timings_ms == future.result(60).timings_ms and engine.is_ready(request)


def test_explain_tells_its_progress(engine: Engine, cat: ImageInput) -> None:
    steps: list[tuple[int, int]] = []
    watch = Watch(lambda now: steps.append((now.done, now.total)) if now.total else None)
    engine.ask(Explain(cat, TEXT + " sits", method="occlusion", options=Options(window=10)), watch=watch)
    assert steps[0] == (0, 9) and steps[-1] == (9, 9)


def test_everything_that_is_set_is_in_the_fingerprint(cat: ImageInput) -> None:
    requests = [
        Explain(cat, TEXT),
        Explain(cat, TEXT, method="rise"),
        Explain(cat, TEXT, options=Options(samples=5)),
        Explain(cat, TEXT, options=Options(seed=5)),
        Explain(cat, TEXT, options=Options(window=5)),
        Explain(cat, TEXT, target=Target("similarity")),
        Explain(cat, TEXT, target=Target("caption", 1)),
    ]
    assert len({request.key for request in requests}) == len(requests)


def test_a_target_is_explained_and_the_score_stays_that_of_the_match(engine: Engine, cat: ImageInput) -> None:
    match = engine.ask(Explain(cat, TEXT))
    target = engine.ask(ReadTarget("answer:brown", "vtviz-base"))
    answer = engine.ask(Explain(cat, "What colour is the cat?", target=target))
    caption = engine.ask(Explain(cat, TEXT, target=engine.ask(ReadTarget("caption:1", "vtviz-base"))))
    assert answer.target == target and caption.score == pytest.approx(match.score, abs=1e-6)
    assert (caption.relevance.maps != match.relevance.maps).any()
