"""Intervals and comparisons against scipy and by hand."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from vtviz.audit.report.statistics import adjusted, difference, interval

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
