"""Reported faults of match, retrieval and calibration figures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from vtviz.evaluation.classification import BINS, calibration_error, matching_figures
from vtviz.evaluation.evaluate import evaluate
from vtviz.evaluation.matching import mismatch_logits, probabilities
from vtviz.evaluation.retrieval import recall
from vtviz.inputs import InputError
from vtviz.models.base import ModelError
from vtviz.models.vtviz_base.model import VtvizBase

NAN = float("nan")


def test_large_logits_do_not_tie() -> None:
    right, wrong = torch.tensor([25.0, 30.0]), torch.tensor([20.0, 18.0])
    expected = roc_auc_score([1, 1, 0, 0], [25, 30, 20, 18])
    for threshold in (0.5, None):
        assert matching_figures(probabilities([right]), probabilities([wrong]), threshold)["auc"] == expected == 1.0


def test_a_probability_of_one_is_in_the_last_bin() -> None:
    # both lie in the last of 15 bins: |(0.95 + 1) / 2 − 1 / 2|
    assert calibration_error(np.array([0.95, 1.0]), np.array([1, 0])) == pytest.approx(0.475)
    draw = np.random.default_rng(0)
    scores = np.concatenate([draw.random(500), np.ones(50), np.zeros(50)])
    labels = (draw.random(600) < scores**2).astype(int)
    edges = np.linspace(0, 1, BINS + 1)
    expected = np.abs(
        np.histogram(scores, edges, weights=scores)[0] - np.histogram(scores, edges, weights=labels)[0]
    ).sum()
    assert calibration_error(scores, labels) == pytest.approx(expected / 600)


@pytest.mark.parametrize("threshold", [0.5, None])
def test_a_score_that_is_not_a_number_is_told(threshold: float | None) -> None:
    with pytest.raises(ModelError, match="1 of 4 values"):
        matching_figures(np.array([0.9, NAN]), np.array([0.1, 0.2]), threshold)


def test_a_model_of_nan_finds_nothing() -> None:
    with pytest.raises(ModelError, match="8 of 8 values"):
        recall(torch.full((4, 2), NAN), torch.tensor([0, 0, 1, 1]))


def test_ties_count_against_the_model() -> None:
    found = recall(torch.ones(12, 12), torch.arange(12))
    assert set(found["text_to_image"].values()) == set(found["image_to_text"].values()) == {0.0}


def test_no_caption_meets_its_own_photo_as_a_mismatch(
    tiny: VtvizBase, rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four photos, six captions each: caption k of photo i would meet photo (i + 1 + k) mod 4, its own for k = 3."""
    many = [{**row, "captions": row["captions"] * 6} for row in rows]
    features = [torch.full((1, 2, 3), float(number)) for number in range(4)]
    met: list[list[int]] = []

    def logits(photos: torch.Tensor, captions: list[str]) -> torch.Tensor:
        met.append(photos[:, 0, 0].int().tolist())
        return torch.zeros(len(captions))

    monkeypatch.setattr(tiny, "match_logits", logits, raising=False)
    for index in range(4):
        mismatch_logits(tiny, features, many, index)
    assert met == [[1, 2, 3, 1, 2, 3], [2, 3, 0, 2, 3, 0], [3, 0, 1, 3, 0, 1], [0, 1, 2, 0, 1, 2]]


def test_a_photo_without_a_second_class_is_refused(tiny: VtvizBase, data: Path, rows: list[dict[str, Any]]) -> None:
    with pytest.raises(InputError, match="two photos"):
        evaluate(tiny, data, rows[:1], [])
