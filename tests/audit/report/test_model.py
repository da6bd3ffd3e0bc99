"""The figures of the model on the rows of an audit, against scikit-learn and by hand."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from tests.audit.made import made_report
from vtviz.audit.report.estimates import auc_low
from vtviz.evaluation.classification import calibration_error


def test_true_rows_alone_have_an_accuracy_and_nothing_that_needs_wrong_texts(tmp_path: Path) -> None:
    found = made_report(tmp_path)["summary"]["model"]["made"]
    assert found["all"]["accuracy"]["value"] == pytest.approx(0.8)  # every fifth of 40 rows is rejected
    assert found["all"]["accuracy"]["low"] < 0.8 < found["all"]["accuracy"]["high"]
    assert found["all"]["rejected"] == 8 and found["all"]["auc"] is None is found["all"]["ece"]
    assert found["groups"]["a"]["pairs"] == found["groups"]["b"]["pairs"] == 20


def test_labels_and_wrong_texts_give_what_scikit_learn_gives(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    own, others = rng.uniform(0.3, 1.0, 41), rng.uniform(0.0, 0.7, (41, 2))
    report = made_report(
        tmp_path, score=lambda n: own[n], wrong=lambda n: others[n].tolist(), wrong_labels=range(1, 41, 4)
    )
    labels = np.array([n not in range(1, 41, 4) for n in range(1, 41)] + [False] * 80)
    scores = np.concatenate([own[1:], others[1:].ravel()])
    found = report["summary"]["model"]["made"]["all"]
    assert (found["pairs"], found["matches"], found["mismatches"]) == (120, 30, 90)
    assert found["auc"]["value"] == pytest.approx(roc_auc_score(labels, scores))
    assert found["f1"]["value"] == pytest.approx(f1_score(labels, scores >= 0.5))
    assert found["accuracy"]["value"] == pytest.approx(((scores >= 0.5) == labels).mean())
    assert found["ece"]["value"] == pytest.approx(calibration_error(scores, labels.astype(int)))
    assert all(found[name]["low"] < found[name]["value"] < found[name]["high"] for name in ("auc", "f1", "accuracy"))
    odd = np.array([n % 2 == 1 for n in range(1, 41)])
    part = np.concatenate([odd, np.repeat(odd, 2)])
    group = report["summary"]["model"]["made"]["groups"]["b"]
    assert group["auc"]["value"] == pytest.approx(roc_auc_score(labels[part], scores[part]))


def test_explanations_are_split_by_right_and_wrong_answers(tmp_path: Path) -> None:
    values = {"insertion": lambda number, _: 0.1 if number % 5 == 0 else 0.7}
    summary = made_report(tmp_path, values=values)["summary"]  # type: ignore[arg-type]
    right, wrong = (summary["answers"][kind]["made"]["raw_attention"]["insertion"] for kind in ("right", "wrong"))
    assert (right["mean"], right["n"]) == (pytest.approx(0.7), 32) and (wrong["mean"], wrong["n"]) == (0.1, 8)
    assert summary["metrics"]["made"]["raw_attention"]["insertion"]["mean"] == pytest.approx(0.58)


def test_gaps_of_the_model_and_of_explanations_are_adjusted_together(tmp_path: Path) -> None:
    gaps = made_report(tmp_path)["summary"]["gaps"]
    assert [(gap["method"], gap["metric"]) for gap in gaps] == [
        ("raw_attention", "insertion"),
        ("raw_attention", "pointing"),
        (None, "accuracy"),
    ]
    assert gaps[0]["best"] == "b" and gaps[0]["gap"] == pytest.approx(0.3, abs=0.05)
    assert all(gap["p_adjusted"] >= gap["p"] for gap in gaps) and gaps[0]["p_adjusted"] < 0.01 < gaps[2]["p_adjusted"]


def test_the_gap_of_the_model_is_that_of_the_accuracies_beside_it(tmp_path: Path) -> None:
    summary = made_report(tmp_path, score=lambda n: 0.9, wrong=lambda n: [0.9 if n % 2 else 0.1])["summary"]
    groups = {name: part["accuracy"]["value"] for name, part in summary["model"]["made"]["groups"].items()}
    gap = next(item for item in summary["gaps"] if item["method"] is None)
    assert groups == {"a": 1.0, "b": 0.5}
    assert (gap["gap"], gap["best"], gap["worst"]) == (0.5, "a", "b") and gap["low"] > 0 and gap["p"] < 0.01


def test_three_photos_prove_nothing_however_right_the_model_is(tmp_path: Path) -> None:
    found = made_report(tmp_path, count=3, score=lambda n: 0.99, wrong=lambda n: [0.01] * 20)
    own = found["summary"]["model"]["made"]["all"]
    assert own["pairs"] == 63 and own["photos"] == 3
    assert all(own[name]["value"] == 1.0 and own[name]["low"] < 0.7 for name in ("accuracy", "auc", "f1"))
    assert own["ece"]["value"] == pytest.approx(0.01) and own["ece"]["high"] > 0.4


def test_the_interval_of_an_area_holds_as_often_as_it_says() -> None:
    rng, missed, area = np.random.default_rng(2), 0, 0.9214  # of normal scores two standard deviations apart
    for _ in range(300):
        true, wrong = rng.normal(2, 1, 12), rng.normal(0, 1, 12)
        auc = float((true[:, None] > wrong).mean())
        missed += not auc_low(auc, 12, 12) <= area <= 1 - auc_low(1 - auc, 12, 12)
    assert missed <= 24 and auc_low(1.0, 3, 3) < 0.6 < auc_low(1.0, 60, 60)
