"""A few of the odd inputs that ``python -m tests.reliability.fuzz`` makes by the thousand, each time the same ones."""

import importlib
import logging
import random

import pytest

from tests.reliability.fuzz.running import MOST_SECONDS, changed, mutated, run

SHORT = {"photos": 200, "texts": 120, "manifests": 200, "links": 40, "reports": 60, "weights": 12}
SHORT |= {"policies": 150, "stories": 100, "archives": 40, "trainings": 60}


@pytest.mark.parametrize("kind", SHORT)
@pytest.mark.filterwarnings("ignore")
def test_odd_inputs_get_one_sentence_each(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    figures = run(importlib.import_module(f"tests.reliability.fuzz.{kind}").cases, SHORT[kind], seed=1)
    assert figures.hold, str(figures)
    assert figures.count == SHORT[kind] and figures.refused if kind != "links" else figures.read


def test_a_leak_and_a_slow_reader_are_noticed() -> None:
    def leaking(rng: random.Random):  # type: ignore[no-untyped-def]
        while True:
            yield lambda: int("x")

    figures = run(leaking, 3, 0)
    assert not figures.hold and sum(figures.leaks.values()) == 3 and "ValueError" in str(figures)
    figures.leaks.clear()
    figures.seconds = MOST_SECONDS + 1
    assert not figures.hold


def test_changes_follow_their_seed_alone() -> None:
    data, value = bytes(range(200)), {"a": [1, {"b": 2}], "c": "d"}
    first, second = ((mutated(data, rng), changed(value, rng)) for rng in (random.Random(5), random.Random(5)))
    assert first == second and any(mutated(data, random.Random(seed)) != data for seed in range(5))
