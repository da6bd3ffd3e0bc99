"""All measures of one explanation, with the small network."""

from dataclasses import replace

import numpy as np
import pytest

from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.masked import Masked
from vtviz.engine.explanation import Request
from vtviz.engine.faithfulness import RANKINGS, STEPS, quick_faithfulness, seed_of
from vtviz.engine.local import LocalEngine
from vtviz.engine.measures import Measured, measure, measured, measures_of
from vtviz.inputs import ImageInput
from vtviz.metrics.base import Subject
from vtviz.metrics.baseline import random_ranking
from vtviz.metrics.registry import find_metric, metrics
from vtviz.models.vtviz_base.model import VtvizBase


def test_every_measure_stands_beside_the_mean_of_random_rankings(
    tiny_engine: LocalEngine,
    tiny: VtvizBase,
    photo: ImageInput,
) -> None:
    made = tiny_engine.explain(Request(photo, "a dog runs", "tiny", "attention_gradcam"))
    found = {each.metric.name: each for each in measure(tiny_engine, made, "mean")}
    assert list(found) == [name for name, each in metrics().items() if "boxes" not in each.needs]
    assert found["text_share"].own is None  # no Shapley values

    case = Case(tiny, photo, ["a dog runs"])
    masked, (relevance,) = Masked(case, "mean"), attribute_case(case, "attention_gradcam")
    for name in ("insertion", "word_deletion", "sensitivity_n", "infidelity"):
        seed, metric = seed_of(made), find_metric(name)
        drawn = [random_ranking(case, seed + place) for place in range(RANKINGS)]
        own_value, *random = (
            metric.take(Subject(case, photo, each, masked, steps=STEPS, seed=seed)) for each in (relevance, *drawn)
        )
        assert found[name].own == pytest.approx(own_value, abs=1e-5)
        assert found[name].random == pytest.approx(np.mean(np.array(random, dtype=float)), abs=1e-5)
    assert found["coverage"].better is None and found["noise_stability"].random is None


def test_what_is_known_is_not_measured_again(tiny_engine: LocalEngine, photo: ImageInput) -> None:
    made = tiny_engine.explain(Request(photo, "a dog runs", "tiny", "attention_gradcam"))
    quick = quick_faithfulness(tiny_engine, made, fill="mean")
    assert quick is not None
    known = measured(quick)
    plain = {each.metric.name: each for each in measure(tiny_engine, made, "mean")}
    assert known.keys() == {"insertion", "deletion"}
    for name, each in known.items():
        assert each.own == pytest.approx(plain[name].own, abs=1e-6) and len(each.drawn) == RANKINGS
        assert each.random == pytest.approx(quick.figures[f"random_{name}"])
    other = replace(plain["max_sensitivity"], own=-1.0)
    steps = measure(tiny_engine, made, "mean", {**known, "max_sensitivity": other})
    found = {each.metric.name: each for each in steps}
    assert list(found) == list(plain) and found["max_sensitivity"] is other and found["insertion"] is known["insertion"]


@pytest.mark.parametrize(("name", "own", "better"), [
    ("insertion", 0.9, True), ("insertion", 0.1, False), ("insertion", 0.5, None), ("deletion", 0.1, True),
])  # fmt: skip
def test_better_is_better_than_all_random_rankings(name: str, own: float, better: bool | None) -> None:
    assert Measured(find_metric(name), own, (0.4, 0.6, 0.5)).better is better


def test_a_slow_method_is_not_run_again(tiny_engine: LocalEngine, photo: ImageInput) -> None:
    slow = tiny_engine.explain(Request(photo, "a dog", "tiny", "occlusion", window=2))
    assert not any("explain" in each.needs for each in measures_of(slow))
    found = {each.metric.name: each.own for each in measure(tiny_engine, slow)}
    assert found["insertion"] is not None and found["word_insertion"] is None  # it says nothing about the words
