"""Faithfulness of a linear model, whose true importances are known, against values computed by hand."""

from typing import Any

import numpy as np
import pytest

from tests.metrics.conftest import GRID, PATCH_WEIGHTS, WORD_WEIGHTS, Linear
from vtviz.attribution.base import Relevance
from vtviz.attribution.case import Case
from vtviz.attribution.masked import Masked
from vtviz.inputs import ImageInput
from vtviz.metrics.base import Subject
from vtviz.metrics.faithfulness import area, prefixes
from vtviz.metrics.registry import DEFAULTS, find_metric, metrics
from vtviz.models.base import Target

TEXT = "a red bus runs"
WORDS = np.array(list(WORD_WEIGHTS.values()))
IMAGE = ImageInput(np.zeros((16, 24, 3), np.uint8), "0" * 64)


def subject(model: Linear, patches: np.ndarray, words: np.ndarray = WORDS, **changes: Any) -> Subject:
    case = Case(model, IMAGE, [TEXT], Target("similarity"))  # type: ignore[arg-type]
    image = patches.reshape(GRID)
    relevance = Relevance(words, np.broadcast_to(image, (4, *GRID)), image, signed=True)
    return Subject(case, IMAGE, relevance, Masked(case, "zero"), **{"steps": 6, **changes})


def test_prefixes_follow_the_order_of_the_scores() -> None:
    found = prefixes(np.array([1.0, 3.0, 2.0, 2.0]), 4)
    assert found.tolist() == [
        [False, False, False, False],
        [False, True, False, False],
        [False, True, True, False],
        [False, True, True, True],
        [True, True, True, True],
    ]
    assert prefixes(np.zeros(10), 3, 0.9)[-1].sum() == 9


def test_areas_of_patches_are_those_computed_by_hand(linear: Linear) -> None:
    found = subject(linear, PATCH_WEIGHTS)
    words, patches = WORDS.sum(), PATCH_WEIGHTS.sum()
    # Descending: 5, 3, 2, 0.5, 0, -1. Taken away: 9.5, 4.5, 1.5, -0.5, -1, -1, 0; the words' 5.5 stays throughout.
    deletion = np.array([9.5, 4.5, 1.5, -0.5, -1.0, -1.0, 0.0]) + words
    insertion = np.array([0.0, 5.0, 8.0, 10.0, 10.5, 10.5, 9.5]) + words
    assert patches == 9.5
    expected = {
        name: (c.sum() - (c[0] + c[-1]) / 2) / 6 for name, c in (("deletion", deletion), ("insertion", insertion))
    }
    for name, value in expected.items():
        assert find_metric(name).take(found) == pytest.approx(value, abs=1e-5)


def test_areas_of_words_are_those_computed_by_hand(linear: Linear) -> None:
    found = subject(linear, PATCH_WEIGHTS)
    insertion = np.array([0.0, 4.0, 6.0, 6.5, 5.5]) + PATCH_WEIGHTS.sum()  # bus, red, a, runs
    deletion = np.array([5.5, 1.5, -0.5, -1.0, 0.0]) + PATCH_WEIGHTS.sum()
    assert find_metric("word_insertion").take(found) == pytest.approx(np.trapezoid(insertion) / 4, abs=1e-5)
    assert find_metric("word_deletion").take(found) == pytest.approx(np.trapezoid(deletion) / 4, abs=1e-5)


def test_perturbation_goes_to_nine_tenths_in_both_orders(linear: Linear) -> None:
    found = subject(linear, PATCH_WEIGHTS, steps=2)  # 0, 3 and 5 of 6 patches
    positive = np.array([9.5, -0.5, -1.0]) + WORDS.sum()
    negative = np.array([9.5, 10.0, 5.0]) + WORDS.sum()
    assert find_metric("positive_perturbation").take(found) == pytest.approx(area(positive), abs=1e-5)
    assert find_metric("negative_perturbation").take(found) == pytest.approx(area(negative), abs=1e-5)


def test_a_random_ranking_equals_the_baseline_within_its_interval(linear: Linear) -> None:
    rng = np.random.default_rng(0)
    expected = PATCH_WEIGHTS.sum() / 2 + WORDS.sum()  # each step takes the mean patch away
    for name in ("insertion", "deletion"):
        areas = [find_metric(name).take(subject(linear, rng.random(6))) for _ in range(200)]
        error = 1.96 * np.std(areas) / np.sqrt(len(areas))  # type: ignore[arg-type]
        assert abs(np.mean(areas) - expected) < error + 0.05  # type: ignore[arg-type]
        best = find_metric(name).take(subject(linear, PATCH_WEIGHTS))
        assert best is not None and (best > np.mean(areas) + error) == (name == "insertion")  # type: ignore[operator]


def test_true_importances_agree_with_random_sets_and_wrong_ones_do_not(linear: Linear) -> None:
    true, wrong = subject(linear, PATCH_WEIGHTS), subject(linear, PATCH_WEIGHTS[::-1].copy())
    assert find_metric("sensitivity_n").take(true) == pytest.approx(1.0, abs=1e-4)
    assert find_metric("infidelity").take(true) == pytest.approx(0.0, abs=1e-4)
    assert find_metric("infidelity").take(subject(linear, 7 * PATCH_WEIGHTS)) == pytest.approx(0.0, abs=1e-4)
    assert find_metric("sensitivity_n").take(wrong) < 0.9  # type: ignore[operator]
    assert find_metric("infidelity").take(wrong) > 1.0  # type: ignore[operator]


def test_equal_masks_are_asked_once(linear: Linear) -> None:
    found, asked = subject(linear, PATCH_WEIGHTS), []
    score = linear.score
    linear.score = lambda f, t, target: (asked.append(max(len(f), len(t.ids))), score(f, t, target))[1]  # type: ignore[assignment,method-assign]
    for name in ("insertion", "deletion", "insertion", "word_deletion"):
        find_metric(name).take(found)
    assert sum(asked) == 7 + 5 + 4  # of the deletion the full and empty photos are known, of the words the full text


def test_what_is_missing_gives_no_value(linear: Linear) -> None:
    found = subject(linear, np.zeros(6), np.zeros(4))
    assert all(find_metric(name).take(found) is None for name in (*DEFAULTS, "noise_stability"))


def test_every_metric_says_what_it_is() -> None:
    assert set(DEFAULTS) <= set(metrics())
    directions = {name: metric.direction for name, metric in metrics().items()}
    assert (
        directions["insertion"] == "higher" and directions["deletion"] == "lower" and directions["coverage"] == "none"
    )
    assert all(metric.label and metric.paper and metric.cost for metric in metrics().values())
