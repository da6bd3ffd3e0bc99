"""The engine's log of runs, its Prometheus figures, and quick faithfulness."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from vtviz.engine.explanation import Request
from vtviz.engine.faithfulness import RANKINGS, STEPS, quick_faithfulness
from vtviz.engine.local import LocalEngine
from vtviz.engine.run_log import RunLog, exposition
from vtviz.inputs import ImageInput, InputError


@pytest.fixture(scope="module")
def own() -> LocalEngine:
    return LocalEngine("cpu")


def test_every_run_is_noted_once_and_failures_too(own: LocalEngine, cat: ImageInput) -> None:
    before = len(own.runs.entries())
    request = Request(cat, "a cat in the log", method="raw_attention")
    made = own.explain(request)
    own.explain(request)  # kept, so not run again
    with pytest.raises(InputError):
        own.explain(replace(request, layer=99))
    first, second = own.runs.entries()[before:]
    assert first.score == made.score and first.timings_ms == made.timings_ms and first.method == "raw_attention"
    assert first.entropy is not None and 0 < first.entropy < 1 and first.waited_ms >= 0 and own.runs.waiting == 0
    assert second.error == "InputError" and second.timings_ms == {}
    text = exposition(own.runs).decode()
    assert 'vtviz_explanations_total{method="raw_attention",model="vtviz-base",outcome="ok"} 1.0' in text
    assert 'vtviz_stage_seconds_count{stage="forward"} 1.0' in text and "vtviz_memory_bytes" in text


def test_the_log_is_bounded(cat: ImageInput) -> None:
    log = RunLog(torch.device("cpu"), kept=2)

    def fail() -> None:
        raise RuntimeError

    for number in range(3):
        with pytest.raises(RuntimeError):
            log.timed(Request(cat, f"text {number}"), 0.0, fail)  # type: ignore[arg-type]
    assert len(log.entries()) == 2
    assert 'outcome="failed"} 3.0' in exposition(log).decode()


def test_faithfulness_lets_others_in_and_is_attached(own: LocalEngine, cat: ImageInput) -> None:
    made = own.explain(Request(cat, "a brown cat", method="attention_gradcam"))
    heard, threads = [], set()
    found = quick_faithfulness(
        own, made, lambda done, total: (heard.append((done, total)), threads.add(threading.get_ident()))
    )
    assert (
        found is not None
        and found.insertion.shape == (STEPS + 1,)
        and found.random_deletion.shape == (RANKINGS, STEPS + 1)
    )
    assert len(heard) > 3 and heard[-1][0] == heard[-1][1] and threads == {threading.get_ident()}
    assert found.deletion[0] == found.insertion[-1] == pytest.approx(made.score, abs=1e-4)
    assert found.figures["insertion"] > found.figures["random_insertion"]
    own.runs.attach(made.fingerprint, found.figures)
    assert own.runs.entries()[-1].faithfulness == found.figures


def test_a_flat_map_has_no_order(own: LocalEngine, cat: ImageInput) -> None:
    made = own.explain(Request(cat, "a brown cat", method="attention_gradcam"))
    assert quick_faithfulness(own, replace(made, relevance=replace(made.relevance, image=np.ones((20, 20))))) is None
