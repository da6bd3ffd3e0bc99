"""Intervals and comparisons against scipy and by hand."""

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap

from vtviz.audit.report.statistics import adjusted, difference, interval, unvaried

RNG = np.random.default_rng(0)
VALUES = RNG.normal(0.5, 0.2, 80)
ALONE = np.arange(80)


def test_an_interval_of_single_photos_is_that_of_scipy() -> None:
    found = interval(VALUES, ALONE, 0)
    theirs = bootstrap((VALUES,), np.mean, n_resamples=20_000, method="percentile", rng=1).confidence_interval
    assert found is not None and found.mean == pytest.approx(VALUES.mean()) and found.n == 80
    assert found.low == pytest.approx(theirs.low, abs=0.004) and found.high == pytest.approx(theirs.high, abs=0.004)
    assert found == interval(VALUES, ALONE, 0) != interval(VALUES, ALONE, 1)


def test_rows_of_one_photo_count_as_one_draw() -> None:
    repeated, photos = np.repeat(VALUES[:20], 4), np.repeat(ALONE[:20], 4)
    together, alone, naive = (
        interval(repeated, photos, 0),
        interval(VALUES[:20], ALONE[:20], 0),
        interval(repeated, ALONE, 0),
    )
    assert together is not None and alone is not None and naive is not None
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high))
    assert naive.high - naive.low < 0.7 * (together.high - together.low)


def test_rows_without_a_value_do_not_count() -> None:
    holes = np.where(ALONE % 2 == 0, VALUES, np.nan)
    found = interval(holes, ALONE, 0)
    assert found is not None and found.n == 40 and found.mean == pytest.approx(VALUES[::2].mean())
    assert (
        interval(np.full(3, np.nan), np.arange(3), 0) is None
        and difference(holes, np.full(80, np.nan), ALONE, 0) is None
    )


def test_a_difference_is_paired() -> None:
    shifted = VALUES + 0.05 + RNG.normal(0, 0.01, 80)
    found = difference(shifted, VALUES, ALONE, 0)
    assert found is not None and found[0].low > 0.04 and found[1] < 0.001
    same = difference(VALUES + RNG.normal(0, 0.2, 80), VALUES, ALONE, 0)
    assert same is not None and same[0].low < 0 < same[0].high and same[1] > 0.05


def test_few_photos_never_give_a_small_p() -> None:
    found = difference(np.array([1.0, 1.0]), np.array([0.0, 0.1]), np.array([0, 0]), 0)
    assert found is not None and found[1] == 1.0
    two = difference(np.array([1.0, 1.0]), np.array([0.0, 0.1]), np.array([0, 1]), 0)
    assert two is not None and two[1] == pytest.approx(0.5)  # of four ways to flip the signs, two are as far out


def test_adjustment_by_hand() -> None:
    assert adjusted([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.04, 0.04]) and adjusted([]) == []


def test_a_share_has_wilsons_interval_and_rows_about_one_photo_are_one_trial() -> None:
    hits = (np.arange(30) % 5 > 0).astype(float)
    own, theirs = interval(hits, np.arange(30), 0), binomtest(24, 30).proportion_ci(method="wilson")
    assert own is not None and (own.low, own.high) == pytest.approx((theirs.low, theirs.high))
    every = interval(np.ones(60), np.arange(60) % 3, 0)  # three photos prove little, however many texts they have
    low = binomtest(3, 3).proportion_ci(method="wilson").low
    assert every is not None and (every.low, every.high, every.photos) == (pytest.approx(low), 1.0, 3)
    one = interval(np.r_[np.ones(9), 0.0], np.zeros(10), 0)
    assert one is not None and one.low < 0.2 and one.high > 0.99


def test_equal_values_leave_room_for_what_was_not_seen() -> None:
    same = interval(np.full(10, 0.4), np.arange(10), 0)
    known = binomtest(10, 10).proportion_ci(method="wilson").low
    assert same is not None and (same.low, same.high) == pytest.approx((known * 0.4, known * 0.4 + 1 - known))
    gap = difference(np.ones(6), np.zeros(6), np.arange(6), 0)
    assert gap is not None and gap[0].low == pytest.approx(
        1 - 2 * (1 - binomtest(6, 6).proportion_ci(method="wilson").low)
    )
    assert unvaried(0.4, 10, None) == (0.4, 0.4)  # of a metric without bounds nothing can be said


def test_few_photos_widen_the_percentiles_as_students_t_is_wider() -> None:
    rng, missed = np.random.default_rng(1), 0
    for seed in range(150):
        found = interval(rng.beta(4, 4, 6), np.arange(6), seed)
        missed += found is not None and not found.low <= 0.5 <= found.high
    assert missed <= 15  # 5 % of 150 are 7; the plain percentiles miss 24
