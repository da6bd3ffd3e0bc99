"""Slow requests: they let quick ones pass, tell their progress, and stop when asked to."""

import time
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from vtviz.engine.explanation import Request
from vtviz.engine.local import LocalEngine
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
    engine: LocalEngine, cat: ImageInput
) -> None:
    slow = Request(cat, TEXT, method="rise", samples=20_000)
    assert not engine.is_ready(slow) and engine.is_ready(Request(cat, TEXT))
    job = engine.start(slow)
    assert engine.start(slow) is job
    until(lambda: job.done > 0)
    engine.explain(Request(cat, TEXT + " looks"))
    assert not job.future.done() and job.total == 20_000
    job.cancel()
    with pytest.raises(Cancelled):
        job.future.result(60)
    until(lambda: engine.start(slow) is not job)
    engine.start(slow).cancel()
    assert engine.explain(Request(cat, TEXT)).score > 0


def test_a_job_that_waits_is_cancelled_at_once(engine: LocalEngine, cat: ImageInput) -> None:
    first, second = (engine.start(Request(cat, TEXT, method="rise", samples=20_000, seed=seed)) for seed in (3, 4))
    until(lambda: first.done > 0)
    assert not first.stopping and not second.stopping
    second.cancel()
    assert second.stopping and second.future.done() and isinstance(second.error(), Cancelled)
    assert not first.future.done()
    first.cancel()
    until(first.future.done)
    assert isinstance(first.error(), Cancelled)


def test_a_finished_job_is_kept(engine: LocalEngine, cat: ImageInput) -> None:
    request = Request(cat, TEXT, method="occlusion", window=20)
    future: Future = engine.start(request).future
    assert engine.is_ready(request) or future.result(60)
    assert engine.explain(request) is future.result(60) and engine.is_ready(request)


def test_explain_tells_its_progress(engine: LocalEngine, cat: ImageInput) -> None:
    steps: list[tuple[int, int]] = []
    watch = Watch(lambda done, total: steps.append((done, total)))
    engine.explain(Request(cat, TEXT + " sits", method="occlusion", window=10), watch=watch)
    assert steps[0] == (0, 9) and steps[-1] == (9, 9)


def test_everything_that_is_set_is_in_the_fingerprint(cat: ImageInput) -> None:
    requests = [
        Request(cat, TEXT),
        Request(cat, TEXT, method="rise"),
        Request(cat, TEXT, samples=5),
        Request(cat, TEXT, seed=5),
        Request(cat, TEXT, window=5),
        Request(cat, TEXT, target=Target("similarity")),
        Request(cat, TEXT, target=Target("caption", 1)),
    ]
    assert len({each.fingerprint for each in requests}) == len(requests)


def test_a_target_is_explained_and_the_score_stays_that_of_the_match(engine: LocalEngine, cat: ImageInput) -> None:
    match = engine.explain(Request(cat, TEXT))
    target = engine.target("vtviz-base", "answer:brown")
    answer = engine.explain(Request(cat, "What colour is the cat?", target=target))
    caption = engine.explain(Request(cat, TEXT, target=engine.target("vtviz-base", "caption:1")))
    assert answer.target == target and caption.score == pytest.approx(match.score, abs=1e-6)
    assert (caption.relevance.maps != match.relevance.maps).any()
