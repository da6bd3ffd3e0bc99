"""Stability: what stays the same, and what is done to the inputs."""

from dataclasses import replace

import numpy as np
import pytest

from tests.metrics.conftest import PATCH_WEIGHTS, Linear
from tests.metrics.test_faithfulness import TEXT, subject
from vtviz.attribution.base import Relevance
from vtviz.inputs import ImageInput
from vtviz.metrics.registry import find_metric
from vtviz.metrics.stability import paraphrase, shuffled, similarity


def test_similarity_is_that_of_ranks() -> None:
    assert similarity(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0, 11.0])) == pytest.approx(1.0)
    assert similarity(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])) == pytest.approx(-1.0)
    assert similarity(np.ones(3), np.ones(3)) == 1.0 and np.isnan(similarity(np.ones(3), np.arange(3.0)))


def test_a_paraphrase_keeps_the_meaning_and_a_shuffle_the_words() -> None:
    assert paraphrase("A man sits near a dog.") == "a photo of a guy is sitting close to a hound."
    assert sorted(shuffled("a red bus runs", 0).split()) == ["a", "bus", "red", "runs"]
    assert shuffled("a red bus runs", 0) == shuffled("a red bus runs", 0) != shuffled("a red bus runs", 3)


def test_an_explanation_that_ignores_its_input_is_stable_and_one_of_noise_is_not(linear: Linear) -> None:
    found, rng, texts = subject(linear, PATCH_WEIGHTS), np.random.default_rng(0), []

    def still(image: ImageInput, text: str) -> Relevance:
        assert np.abs(image.pixels.astype(int) - found.image.pixels).max() <= 6
        texts.append(text)
        return found.relevance

    def noise(image: ImageInput, text: str) -> Relevance:
        return replace(found.relevance, image=rng.random((2, 3)))

    for name, good in (
        ("noise_stability", 1.0),
        ("paraphrase_stability", 1.0),
        ("word_order", 1.0),
        ("max_sensitivity", 0.0),
    ):
        assert find_metric(name).take(replace(found, explain=still)) == pytest.approx(good, abs=1e-6)
        bad = find_metric(name).take(replace(found, explain=noise))
        assert bad is not None and abs(bad - good) > 0.1
    assert texts.count(TEXT) == 3 + 4 and paraphrase(TEXT) in texts


def test_the_largest_change_is_that_of_the_whole_map(linear: Linear) -> None:
    found, seen = subject(linear, PATCH_WEIGHTS), []

    def grow(image: ImageInput, text: str) -> Relevance:
        seen.append(image)
        change = np.zeros((2, 3))
        change[0, 0] = 0.1 * (len(seen) - 1)  # 0, then 0.1, 0.2 and 0.3
        return replace(found.relevance, image=found.relevance.image + change)

    expected = 0.3 / np.linalg.norm(PATCH_WEIGHTS)
    assert find_metric("max_sensitivity").take(replace(found, explain=grow)) == pytest.approx(expected, abs=1e-6)
