"""Tables, slices and mistakes, by hand."""

import numpy as np
import pytest

from vtviz.evaluation.figures.mistakes import mistakes
from vtviz.evaluation.figures.scored import Scored
from vtviz.evaluation.figures.slices import LANGUAGE, LENGTH, slices, text_keys
from vtviz.evaluation.figures.table import best_f1, figures_at, ranking_figures

SCORED = Scored(
    np.array([0.9, 0.8, 0.3, 0.7, 0.1, 0.2]), np.array([True] * 3 + [False] * 3), np.array([0, 1, 2, 0, 1, 2]), 3
)


def test_the_table_by_hand() -> None:
    table = figures_at(SCORED, 0.5)
    assert table["confusion"] == {"tp": 2, "fn": 1, "fp": 1, "tn": 2}
    assert table["match"]["right"] == table["mismatch"]["right"] == 2 and table["match"]["wrong"] == 1
    for name in ("precision", "recall", "f1"):
        assert table["match"][name]["value"] == pytest.approx(2 / 3)
    assert table["accuracy"]["low"] <= table["accuracy"]["value"] <= table["accuracy"]["high"]
    assert ranking_figures(SCORED)["auc"]["value"] == pytest.approx(8 / 9)


def test_a_figure_without_a_meaning_is_none() -> None:
    table = figures_at(SCORED, 2.0)
    assert table["match"]["precision"] == {"value": None, "low": None, "high": None}
    assert table["mismatch"]["recall"]["value"] == 1.0


def test_the_best_threshold_on_these_pairs() -> None:
    assert best_f1(SCORED) == 0.3  # three of three true pairs, one wrong one
    assert best_f1(SCORED.where(~SCORED.labels)) is None


def test_mistakes_come_the_surest_first() -> None:
    assert mistakes(SCORED, 0.05, "false_accept").tolist() == [3, 5, 4]
    assert mistakes(SCORED, 0.85, "false_reject").tolist() == [2, 1]
    assert mistakes(SCORED, 0.5, "false_accept").tolist() == [3]


def test_slices_by_hand() -> None:
    found = slices(SCORED, {"group": ["a", "a", "", "b", "b", "b"], "same": ["x"] * 6}, 0.5)
    assert [(part.key, part.value, part.pairs, part.matches) for part in found] == [
        ("group", "a", 2, 2),
        ("group", "b", 3, 0),
    ]
    assert found[0].accuracy["value"] == 1.0 and found[0].mismatch_recall is None and found[0].auc is None
    assert found[1].accuracy["value"] == pytest.approx(2 / 3) and found[1].mismatch_recall == pytest.approx(2 / 3)


def test_a_key_with_a_value_of_its_own_for_each_pair_is_no_group() -> None:
    many = Scored(np.linspace(0, 1, 30), np.arange(30) % 2 == 0, np.arange(30), 30)
    assert slices(many, {"id": [str(number) for number in range(30)]}, 0.5) == []


def test_texts_have_a_language_and_a_length() -> None:
    texts = ["A dog.", "一只狗在跑", " ".join(["dog"] * 7), " ".join(["dog"] * 16)]
    keys = text_keys(texts)
    assert keys[LANGUAGE] == ["en", "zh", "en", "en"] and keys[LENGTH] == ["1–5", "1–5", "6–10", "> 15"]
    four = Scored(np.array([0.9, 0.8, 0.3, 0.7]), np.array([True, True, False, False]), np.arange(4), 4)
    assert [part.value for part in slices(four, {LENGTH: keys[LENGTH]}, 0.5)] == ["1–5", "6–10", "> 15"]
