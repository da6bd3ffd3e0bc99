"""What other programs read."""

import csv
import io
import json
from pathlib import Path

import numpy as np

from tests.evaluation.made import TEXTS, made
from vtviz.evaluation.runs.export import to_csv, to_json


def test_scores_come_back_from_csv_to_the_last_bit(tmp_path: Path) -> None:
    evaluation = made(tmp_path)
    rows = list(csv.DictReader(io.StringIO(to_csv(evaluation, 0.5).decode("utf-8-sig"))))
    assert [float(row["score"]) for row in rows] == evaluation.scores.tolist()
    assert [row["text"] for row in rows[:4]] == [TEXTS[0], TEXTS[1], f"'{TEXTS[2]}", TEXTS[3]]  # no formula
    assert rows[0]["group"] == "sport"
    assert [int(row["called"]) for row in rows] == (evaluation.scores >= 0.5).astype(int).tolist()
    assert [int(row["label"]) for row in rows] == evaluation.labels.tolist() and rows[0]["image"] == "0.png"


def test_figures_are_plain_json(tmp_path: Path) -> None:
    evaluation = made(tmp_path)
    figures = json.loads(to_json(evaluation, 0.5))
    assert sum(figures["confusion"].values()) == figures["pairs"] == 24 and figures["photos"] == 6
    right = (evaluation.scores >= 0.5) == (evaluation.labels == 1)
    assert figures["accuracy"]["value"] == float(np.mean(right)) and figures["scorer"]["model"] == "own <model>"
    assert {part["key"] for part in figures["slices"]} == {"group", ":language"}
    assert json.loads(to_json(made(tmp_path, "similarity"), 0.5))["ece"] is None
