"""Figures of rules, against counting by hand and scikit-learn."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from vtviz.inputs import InputError
from vtviz.tasks.policy.check import Score
from vtviz.tasks.policy.evaluate import evaluate_policy, figures_dict
from vtviz.tasks.policy.policy import Policy, Rule
from vtviz.tasks.policy.rows import read_rows

LABELS = [1, 1, 0, 1, 0, 0]
SCORES = [0.9, 0.8, 0.7, 0.4, 0.3, 0.1]


def figures(rule: Rule, labels: list[int], scores: list[float | None], precision: float = 0.95):  # type: ignore[no-untyped-def]
    rows = [[Score(rule.name, rule.action, "", score, rule.threshold)] for score in scores]
    wanted = [frozenset([rule.name] if label else []) for label in labels]
    return evaluate_policy(Policy("P", (rule,)), wanted, rows, precision)[0]


def test_the_figures_of_a_rule() -> None:
    own = figures(Rule("r", "block", 0.5, photo=("a",)), LABELS, [*SCORES])
    fired = [score >= 0.5 for score in SCORES]
    assert own.precision == pytest.approx(precision_score(LABELS, fired)) == pytest.approx(2 / 3)
    assert own.recall == pytest.approx(recall_score(LABELS, fired)) == pytest.approx(2 / 3)
    assert own.roc_auc == pytest.approx(roc_auc_score(LABELS, SCORES)) == pytest.approx(8 / 9)  # of 9 pairs, 8
    assert (own.rows, own.positives, own.true_positives, own.false_positives) == (6, 3, 2, 1)
    assert own.suggested is not None
    assert (own.suggested.threshold, own.suggested.precision, own.suggested.recall) == (0.8, 1.0, pytest.approx(2 / 3))
    relaxed = figures(Rule("r", "block", 0.5, photo=("a",)), LABELS, [*SCORES], 0.75).suggested
    assert (relaxed.threshold, relaxed.precision, relaxed.recall) == (0.4, 0.75, 1.0)


def test_a_rule_for_what_is_missing_fires_below() -> None:
    own = figures(Rule("r", "block", 0.5, photo=("a",), when="fails"), [1 - label for label in LABELS], [*SCORES])
    assert (own.true_positives, own.false_positives) == (2, 1) and own.roc_auc == pytest.approx(8 / 9)
    assert own.suggested is not None and own.suggested.threshold == 0.301


@pytest.mark.parametrize("when", ["matches", "fails"])
@pytest.mark.parametrize("scores", [[0.1, 0.2, 0.3, 0.8, 0.9], [0.12345, 0.3, 0.9999, 1.0, 1 / 3], [0.5] * 5])
def test_a_rule_at_a_threshold_of_the_curve_does_as_it_says(
    when: Literal["matches", "fails"], scores: list[float]
) -> None:
    labels = [1, 1, 1, 0, 0] if when == "fails" else [0, 0, 0, 1, 1]
    rule = Rule("r", "block", 0.5, photo=("a",), when=when)
    curve = figures(rule, labels, [*scores]).curve
    assert len(curve) >= len(set(scores)) - 1
    for point in curve:
        again = figures(replace(rule, threshold=float(f"{point.threshold:.15g}")), labels, [*scores])
        assert (again.precision, again.recall) == (pytest.approx(point.precision), pytest.approx(point.recall))


def test_rows_that_a_rule_does_not_speak_of_do_not_count() -> None:
    own = figures(Rule("r", "block", 0.5, words=("a",)), [1, 0, 1, 0], [0.9, 0.1, None, None])
    assert (own.rows, own.positives, own.precision, own.recall, own.roc_auc) == (2, 1, 1.0, 1.0, 1.0)


def test_what_cannot_be_told_is_none() -> None:
    own = figures(Rule("r", "block", 0.95, photo=("a",)), [0, 0], [0.1, 0.2])
    assert (own.precision, own.recall, own.roc_auc, own.average_precision, own.suggested) == (None,) * 5
    values = figures_dict(Policy("P", ()), "w", [own], 0.95)
    assert values["rules"][0]["curve"] == [] and values["weights_sha256"] == "w"


def test_labelled_rows_are_read_from_both_kinds_of_files(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("image,text,rules\na.jpg,hello,r;s\nb.jpg,,\n", encoding="utf-8")
    lines = tmp_path / "rows.jsonl"
    lines.write_text('{"image": "a.jpg", "text": "hello", "rules": ["r", "s"]}\n\n{"image": "b.jpg"}\n')
    for file in (table, lines):
        first, second = read_rows(file, {"r", "s"})
        assert (first.image, first.text, first.rules) == (tmp_path / "a.jpg", "hello", frozenset("rs"))
        assert (second.number, second.text, second.rules) == (2, "", frozenset())


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("m.csv", "image,text\na.jpg,x\n", "has no column rules"),
        ("m.csv", "image,rules\na.jpg,nope\n", "Row 1 of the manifest names a rule that the policy lacks: nope"),
        ("m.csv", "image,rules\na.jpg\n", "Row 1 of the manifest has a different number of columns"),
        ("m.csv", "image,rules\n,r\n", "Row 1 of the manifest has no image"),
        ("m.csv", "image,rules\n", "has no rows"),
        ("m.jsonl", "[1]\n", "Row 1 of the manifest is not a JSON object"),
        ("m.jsonl", "{\n", "Row 1 of the manifest is not valid JSON"),
        ("m.jsonl", '{"image": 3, "rules": []}', "the image is not text"),
        ("m.jsonl", '{"image": "a", "rules": [3]}', "the rules is not text"),
        ("m.txt", "x", "must be a .csv or .jsonl file"),
    ],
)
def test_bad_rows_get_one_sentence(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as raised:
        read_rows(tmp_path / name, {"r"})
    assert message in str(raised.value)
