"""The engine's log of runs, its Prometheus figures, and quick faithfulness."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vtviz.attribution.options import Options
from vtviz.engine.engine import Engine
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.faithfulness import RANKINGS, STEPS, MeasureFaithfulness
from vtviz.engine.run_log import RunLog, exposition
from vtviz.inputs import ImageInput, InputError
from vtviz.watch import Watch


def test_every_run_is_noted_once_and_failures_too(engine: Engine, cat: ImageInput) -> None:
    request = Explain(cat, f"a cat in the log of {type(engine).__name__}", method="raw_attention")
    made = engine.ask(request)
    engine.ask(request)  # kept, so not run again
    with pytest.raises(InputError):
        engine.ask(replace(request, options=Options(layer=99)))
    status = engine.status()
    first, second = status.runs[-2:]
    assert first.score == made.score and first.timings_ms == made.timings_ms and first.method == "raw_attention"
    assert first.entropy is not None and 0 < first.entropy < 1 and first.waited_ms >= 0 and status.waiting == 0
    assert (first.request, first.key, first.score_kind) == ("Explain", request.key, "probability")
    assert second.error == "InputError" and second.timings_ms == {}


def test_prometheus_gets_the_figures(cat: ImageInput) -> None:
    engine = LocalEngine("cpu")
    engine.ask(Explain(cat, "a cat", method="raw_attention"))
    text = exposition(engine.runs).decode()
    assert 'vtviz_explanations_total{method="raw_attention",model="vtviz-base",outcome="ok"} 1.0' in text
    assert 'vtviz_requests_total{model="vtviz-base",outcome="ok",request="Explain"} 1.0' in text
    assert 'vtviz_stage_seconds_count{stage="forward"} 1.0' in text and "vtviz_memory_bytes" in text
    engine.close()


def test_the_log_is_bounded() -> None:
    log = RunLog(torch.device("cpu"), kept=2)

    def fail() -> None:
        raise RuntimeError

    for number in range(3):
        with pytest.raises(RuntimeError):
            log.timed("Explain", str(number), "vtviz-base", "", 0.0, fail)
    assert [entry.key for entry in log.entries()] == ["1", "2"]
    assert 'outcome="failed"} 3.0' in exposition(log).decode()


def test_names_that_people_make_up_are_counted_as_one() -> None:
    log = RunLog(torch.device("cpu"))

    def fail() -> None:
        raise InputError("There is no such method.")

    for number in range(3):
        with pytest.raises(InputError):
            log.timed("Explain", "", f"open_clip:aaa@/{number}", f"aaa{number}", 0.0, fail)
    log.timed("Explain", "", "vtviz-base?threads=1", "rollout", 0.0, lambda: None)
    said = exposition(log).decode()
    assert "aaa" not in said
    assert 'vtviz_explanations_total{method="other",model="other",outcome="failed"} 3.0' in said
    assert 'vtviz_explanations_total{method="rollout",model="vtviz-base",outcome="ok"} 1.0' in said
    assert [entry.method for entry in log.entries()] == ["aaa0", "aaa1", "aaa2", "rollout"]  # for the Monitor page


def test_faithfulness_tells_its_progress_and_is_noted_at_its_explanation(
    tiny_engine: Engine, photo: ImageInput
) -> None:
    engine = tiny_engine
    made = engine.ask(Explain(photo, f"a brown cat of {type(engine).__name__}", "tiny", "attention_gradcam"))
    heard: list[tuple[int, int]] = []
    watch = Watch(lambda now: heard.append((now.done, now.total)) if now.stage == "faithfulness" else None)
    found = engine.ask(MeasureFaithfulness(made.attribution), watch)
    assert found is not None and found.insertion.shape == (STEPS + 1,)
    assert found.random_deletion.shape == (RANKINGS, STEPS + 1)
    assert len(heard) > 3 and heard[-1][0] == heard[-1][1]
    assert found.deletion[0] == found.insertion[-1] == pytest.approx(made.score, abs=1e-4)
    (entry,) = [entry for entry in engine.status().runs if entry.key == made.fingerprint]
    assert entry.faithfulness == found.figures
    engine.ask(MeasureFaithfulness(made.attribution, "mean"))  # figures of other fills do not compare
    (entry,) = [entry for entry in engine.status().runs if entry.key == made.fingerprint]
    assert entry.faithfulness == found.figures


def test_a_flat_map_has_no_order(engine: Engine, cat: ImageInput) -> None:
    made = engine.ask(Explain(cat, "a brown cat", method="attention_gradcam"))
    flat = replace(made.attribution, fingerprint="0" * 16, relevance=replace(made.relevance, image=np.ones((20, 20))))
    assert engine.ask(MeasureFaithfulness(flat)) is None
