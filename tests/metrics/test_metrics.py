"""Metrics against values worked out by hand."""

import math

import numpy as np
import pytest
import torch

from vtviz.evaluation.classification import best_threshold, matching_figures
from vtviz.evaluation.retrieval import recall
from vtviz.metrics.attention import entropy
from vtviz.metrics.localisation import in_boxes, peak


def test_matching_by_hand() -> None:
    figures = matching_figures(np.array([0.9, 0.8, 0.3]), np.array([0.7, 0.1, 0.2]), threshold=0.5)
    match, mismatch = figures["match"], figures["mismatch"]
    assert (match["correct"], match["wrong"], mismatch["correct"], mismatch["wrong"]) == (2, 1, 2, 1)
    assert match["precision"] == match["recall"] == match["f1"] == pytest.approx(2 / 3)
    assert figures["auc"] == mismatch["auc"] == pytest.approx(8 / 9)
    assert figures["roc"][0][0] == 0.0 and figures["roc"][-1] == [1.0, 1.0]


def test_the_best_threshold_separates() -> None:
    threshold = best_threshold(np.array([0.62, 0.9]), np.array([0.58, 0.1]))
    assert 0.58 < threshold <= 0.62


def test_recall_by_hand() -> None:
    similarity = torch.zeros(2, 12)
    similarity[0, 0] = 1.0  # text 0 finds image 0 first
    similarity[1, 2:8] = 2.0
    similarity[1, 1] = 1.0  # text 1 finds image 1 at place 7
    found = recall(similarity, torch.tensor([0, 1]))
    assert found["text_to_image"] == {"recall@1": 0.5, "recall@5": 0.5, "recall@10": 1.0}
    both = recall(torch.tensor([[1.0, 0.0], [0.5, 0.4], [0.9, 0.8]]), torch.tensor([0, 1, 1]))
    assert both["image_to_text"]["recall@1"] == 1.0
    tied = recall(torch.ones(2, 2), torch.tensor([0, 1]))
    assert tied["text_to_image"]["recall@1"] == 0.0, "a tie must count against the model"


def test_the_peak_of_a_map_is_the_centre_of_its_highest_patch() -> None:
    relevance = np.zeros((5, 10))
    relevance[3, 7] = 1.0
    x, y = peak(relevance, width=200, height=100)
    assert x == pytest.approx(0.75, abs=0.02) and y == pytest.approx(0.7, abs=0.02)
    assert in_boxes((x, y), [[0.0, 0.0, 0.1, 0.1], [0.7, 0.6, 0.8, 0.8]])
    assert not in_boxes((x, y), [[0.0, 0.0, 0.5, 1.0]])


def test_entropy_of_one_patch_of_all_and_of_half() -> None:
    rows = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.25] * 4, [0.5, 0.5, 0.0, 0.0]])
    expected = torch.tensor([0.0, 1.0, math.log(2) / math.log(4)])
    torch.testing.assert_close(entropy(rows), expected, atol=1e-6, rtol=0)
    assert entropy(torch.ones(3, 1)).tolist() == [0.0, 0.0, 0.0]
