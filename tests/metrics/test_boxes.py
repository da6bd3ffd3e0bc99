"""Measures by boxes, by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from vtviz.metrics.attention import sparseness
from vtviz.metrics.localisation import (
    area_under_curve,
    energy,
    inside,
    overlap,
    overlaps,
    relevance_rank_accuracy,
)

HALF = [(0.0, 0.0, 0.5, 1.0)]
MAP = np.array([[3.0, 1.0], [1.0, -5.0]])


def test_cells_know_their_share_of_the_boxes() -> None:
    np.testing.assert_allclose(inside(HALF, (2, 2)), [[1.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(
        inside([(0.0, 0.0, 0.25, 0.5), (0.0, 0.0, 0.125, 0.25)], (2, 2)), [[0.5, 0.0], [0.0, 0.0]]
    )


def test_energy_and_overlap_by_hand() -> None:
    assert energy(MAP, HALF) == pytest.approx(4 / 5)
    assert overlap(MAP, HALF) == pytest.approx(1 / 2)  # one patch shown, inside the two of the box
    assert overlap(MAP, [(0.5, 0.0, 1.0, 0.5)]) == 0.0
    assert energy(np.zeros((2, 2)), HALF) == overlap(np.zeros((2, 2)), HALF) == 0.0


def test_a_box_thinner_than_a_patch_counts_exactly() -> None:
    thin, grid = (0.26, 0.0, 0.27, 1.0), (2, 2)
    np.testing.assert_allclose(inside([thin], grid), [[0.02, 0.0], [0.02, 0.0]], atol=1e-12)
    np.testing.assert_allclose(inside([thin, thin, (0.2, 0.0, 0.3, 0.5)], grid), [[0.2, 0.0], [0.02, 0.0]], atol=1e-12)
    assert energy(np.ones(grid), [thin]) == pytest.approx(0.01)
    assert overlap(np.ones(grid), [thin]) == pytest.approx(0.01)


def test_areas_are_those_of_many_points() -> None:
    rng = np.random.default_rng(0)
    boxes = [tuple(np.sort(rng.random((2, 2)), axis=0).ravel()) for _ in range(5)]
    fine = 800
    y, x = (np.arange(fine)[:, None] + 0.5) / fine, (np.arange(fine)[None] + 0.5) / fine
    hit = np.any([(x > x0) & (x < x1) & (y > y0) & (y < y1) for x0, y0, x1, y1 in boxes], axis=0)
    counted = hit.reshape(4, fine // 4, 5, fine // 5).mean(axis=(1, 3))
    np.testing.assert_allclose(inside(boxes, (4, 5)), counted, atol=0.01)


def test_the_area_under_the_curve_is_that_of_the_points_of_the_cells() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        relevance = rng.integers(-3, 4, (4, 5)).astype(float)  # with ties
        counts = rng.integers(0, 5, (4, 5))  # of the 4 points of each cell, how many lie inside
        points = np.repeat(relevance.ravel(), 4)
        labels = np.concatenate([[1] * count + [0] * (4 - count) for count in counts.ravel()])
        area = area_under_curve(relevance, counts / 4)
        assert area is not None and abs(area - roc_auc_score(labels, points)) < 1e-12
    assert area_under_curve(np.ones((2, 2)), np.ones((2, 2))) is None


def test_overlaps_are_those_of_each_level() -> None:
    rng = np.random.default_rng(0)
    boxes, levels = [(0.1, 0.2, 0.7, 0.8)], (0.2, 0.5, 0.9)
    relevance = rng.random((5, 6))
    expected = [overlap(relevance, boxes, level) for level in levels]
    np.testing.assert_allclose(overlaps(relevance, inside(boxes, (5, 6)), levels), expected)
    assert overlaps(-relevance, inside(boxes, (5, 6)), levels).tolist() == [0.0, 0.0, 0.0]


def test_relevance_rank_accuracy_counts_the_highest_cells() -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        relevance, mask = rng.random((4, 5)), rng.random((4, 5)) > 0.6
        count = int(mask.sum())
        cells = sorted(((relevance[y, x], mask[y, x]) for y in range(4) for x in range(5)), reverse=True)
        expected = sum(hit for _, hit in cells[:count]) / count
        assert relevance_rank_accuracy(relevance, mask.astype(float)) == pytest.approx(expected, abs=1e-9)
    assert relevance_rank_accuracy(MAP, inside(HALF, (2, 2))) == pytest.approx(0.5)
    assert relevance_rank_accuracy(MAP, np.zeros((2, 2))) is None


def test_sparseness_is_the_gini_index() -> None:
    values = np.abs(np.random.default_rng(0).normal(size=(3, 4)))
    pairs = np.abs(values.ravel()[:, None] - values.ravel()[None]).sum()
    assert sparseness(-values) == pytest.approx(pairs / (2 * values.size**2 * values.mean()), abs=1e-9)
    assert sparseness(np.ones((2, 2))) == pytest.approx(0.0) and np.isnan(sparseness(np.zeros((2, 2))))
    assert sparseness(np.eye(10)[:1]) == pytest.approx(0.9)
