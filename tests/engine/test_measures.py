"""All measures of one explanation, with the small network."""

import numpy as np
import pytest

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.masked import Fill, Masked
from vtviz.attribution.options import Options
from vtviz.engine.engine import Engine
from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.faithfulness import RANKINGS, STEPS, MeasureFaithfulness
from vtviz.engine.requests.metrics import Measured, MeasureMetric, measured, metrics_of
from vtviz.inputs import ImageInput
from vtviz.metrics.base import Metric, Subject
from vtviz.metrics.baseline import random_ranking
from vtviz.metrics.registry import find_metric, metrics
from vtviz.models.vtviz_base.model import VtvizBase


def measure(engine: Engine, made: Explanation, fill: Fill = "blur") -> dict[str, Measured]:
    """Every metric of an explanation."""
    wanted = [metric.name for metric in metrics_of(made)]
    return {name: engine.ask(MeasureMetric(made.attribution, name, fill)) for name in wanted}


def test_every_measure_stands_beside_the_mean_of_random_rankings(
    tiny_engine: Engine,
    tiny: VtvizBase,
    photo: ImageInput,
) -> None:
    made = tiny_engine.ask(Explain(photo, "a dog runs", "tiny", "attention_gradcam"))
    found = measure(tiny_engine, made, "mean")
    assert list(found) == [name for name, each in metrics().items() if "boxes" not in each.needs and not each.costly]
    assert found["text_share"].own is None  # no Shapley values

    case = Case(tiny, photo, ["a dog runs"])
    masked, (relevance,) = Masked(case, "mean"), attribute_case(case, "attention_gradcam")
    for name in ("insertion", "word_deletion", "sensitivity_n", "infidelity"):
        seed, metric = made.attribution.seed, find_metric(name)
        drawn = [random_ranking(case, seed + place) for place in range(RANKINGS)]
        own_value, *random = (
            metric.take(Subject(case, photo, each, masked, steps=STEPS, seed=seed)) for each in (relevance, *drawn)
        )
        assert found[name].own == pytest.approx(own_value, abs=1e-5)
        assert found[name].random == pytest.approx(np.mean(np.array(random, dtype=float)), abs=1e-5)
    assert found["coverage"].better is None and found["noise_stability"].random is None


def test_what_the_quick_measure_knows_is_what_the_metrics_say(tiny_engine: Engine, photo: ImageInput) -> None:
    made = tiny_engine.ask(Explain(photo, "a dog runs", "tiny", "attention_gradcam"))
    quick = tiny_engine.ask(MeasureFaithfulness(made.attribution, "mean"))
    assert quick is not None
    known = measured(quick)
    assert known.keys() == {"insertion", "deletion"}
    for name, value in known.items():
        again = tiny_engine.ask(MeasureMetric(made.attribution, name, "mean"))
        assert value.own == pytest.approx(again.own, abs=1e-6) and len(value.drawn) == RANKINGS
        assert value.random == pytest.approx(quick.figures[f"random_{name}"])


def test_a_metric_is_measured_once(tiny_engine: Engine, photo: ImageInput, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tiny_engine.ask(Explain(photo, "a dog runs", "tiny", "attention_gradcam"))
    first = tiny_engine.ask(MeasureMetric(made.attribution, "insertion"))
    monkeypatch.setattr(Metric, "take", lambda *given: 1 / 0)
    assert tiny_engine.ask(MeasureMetric(made.attribution, "insertion")) == first


@pytest.mark.parametrize(("name", "own", "better"), [
    ("insertion", 0.9, True), ("insertion", 0.1, False), ("insertion", 0.5, None), ("deletion", 0.1, True),
])  # fmt: skip
def test_better_is_better_than_all_random_rankings(name: str, own: float, better: bool | None) -> None:
    assert Measured(name, own, (0.4, 0.6, 0.5)).better is better


def test_a_slow_method_is_not_run_again(tiny_engine: Engine, photo: ImageInput) -> None:
    slow = tiny_engine.ask(Explain(photo, "a dog", "tiny", "occlusion", Options(window=2)))
    assert not any("explain" in each.needs for each in metrics_of(slow))
    found = measure(tiny_engine, slow)
    assert found["insertion"].own is not None and found["word_insertion"].own is None  # it says nothing about the words
