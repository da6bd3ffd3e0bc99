"""Gaps between groups against a hand-written permutation test and a simulation of their power."""

import numpy as np
import pytest
from scipy.stats import permutation_test

from vtviz.audit.report.gaps import largest_gap

RNG = np.random.default_rng(0)
ALONE = np.arange(60)


def test_the_largest_gap_of_three_groups_is_found_and_is_no_chance() -> None:
    groups = np.array(["a", "b", "c"] * 20, dtype=object)
    values = RNG.normal(0, 0.1, 60) + np.where(groups == "c", 0.5, 0.0)
    found = largest_gap(values, groups, ALONE, 0)
    assert found is not None and found.best == "c" and found.photos == {"a": 20, "b": 20, "c": 20}
    lowest = min(values[groups == name].mean() for name in "ab")
    assert found.gap == pytest.approx(values[groups == "c"].mean() - lowest)
    assert found.low < found.gap < found.high and found.p < 0.002


def test_p_is_that_of_a_permutation_test_of_the_range_of_means() -> None:
    groups = np.array(["a", "b"] * 15, dtype=object)
    values = RNG.normal(0, 1, 30) + np.where(groups == "a", 0.5, 0.0)
    found = largest_gap(values, groups, np.arange(30), 0)
    theirs = permutation_test(
        (values[groups == "a"], values[groups == "b"]),
        lambda one, other: abs(one.mean() - other.mean()),
        n_resamples=20_000,
        alternative="greater",
        rng=1,
    ).pvalue
    assert found is not None and found.p == pytest.approx(theirs, abs=0.03) and 0.02 < found.p < 0.98


def test_groups_of_few_photos_are_not_compared_however_many_rows_they_have() -> None:
    values = np.concatenate([np.zeros(10), np.ones(20)])
    groups = np.array(["a"] * 10 + ["b"] * 20, dtype=object)
    photos = np.concatenate([np.arange(10), 100 + np.arange(20) % 4])
    assert largest_gap(values, groups, photos, 0) is None
    assert largest_gap(values, np.full(30, "", dtype=object), np.arange(30), 0) is None
    three = largest_gap(
        np.append(values, np.ones(5)), np.append(groups, ["c"] * 5), np.append(photos, 200 + np.arange(5)), 0
    )
    assert three is not None and three.too_few == ["b"] and (three.best, three.worst) == ("c", "a")
    assert three.detectable is None  # values that do not vary tell nothing of what would be seen


def test_a_gap_of_the_detectable_size_is_seen_in_four_of_five_samples() -> None:
    groups = np.array(["a", "b"] * 25, dtype=object)
    spread = largest_gap(np.random.default_rng(3).normal(0, 1, 50), groups, np.arange(50), 0)
    assert spread is not None and spread.detectable == pytest.approx(2.8016 * np.sqrt(2 / 25), rel=0.25)
    rng, seen, true_gap = np.random.default_rng(4), 0, 2.8016 * np.sqrt(2 / 25)
    for _ in range(40):
        values = rng.normal(0, 1, 50) + np.where(groups == "a", true_gap, 0.0)
        found = largest_gap(values, groups, np.arange(50), 0)
        seen += found is not None and found.p < 0.05
    assert 25 <= seen <= 39


def test_rows_without_a_value_do_not_count() -> None:
    groups = np.array(["a", "b"] * 10, dtype=object)
    values = np.where(np.arange(20) < 4, np.nan, np.where(groups == "a", 1.0, 0.0))
    found = largest_gap(values, groups, np.arange(20), 0)
    assert found is not None and found.gap == 1.0 and found.photos == {"a": 8, "b": 8}


def test_the_interval_allows_for_the_choice_of_the_pair() -> None:
    rng, groups, beyond = np.random.default_rng(5), np.repeat([f"g{n}" for n in range(6)], 12).astype(object), 0
    for seed in range(60):
        found = largest_gap((rng.random(72) < 0.5).astype(float), groups, np.arange(72), seed)
        beyond += found is not None and found.low > 0
    assert beyond <= 8  # of six equal groups, 5 % are 3; the pair alone would be beyond in 26


def test_equal_groups_are_two_and_a_group_without_values_is_not_forgotten() -> None:
    groups = np.array(["a"] * 5 + ["b"] * 5 + ["c"] * 4, dtype=object)
    found = largest_gap(np.r_[np.ones(10), np.full(4, np.nan)], groups, np.arange(14), 0)
    assert found is not None and {found.best, found.worst} == {"a", "b"} and found.low == 0.0 < 0.4 < found.high
    assert found.too_few == ["c"] and found.photos["c"] == 0
