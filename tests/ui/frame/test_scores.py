"""Scores in words: per cent are for probabilities alone."""

import pytest

from vtviz.sentences import catalogue
from vtviz.ui.frame.scores import Score

POINTS = catalogue("en")["compare.points"]
SURE, UNSURE = Score(0.27, "probability"), Score(0.0123, "probability", calibrated=False)
COSINE, LIKELIHOOD = Score(0.2734, "similarity", calibrated=False), Score(0.0421, "likelihood", calibrated=False)


@pytest.mark.parametrize(
    ("score", "name", "text", "meaning"),
    [
        (SURE, "Match", "27%", "Probability"),
        (Score(0.9951), "Match", ">99%", "Probability"),
        (Score(0.9949), "Match", "99%", "Probability"),
        (Score(0.0049), "Match", "<1%", "Probability"),
        (Score(0.0051), "Match", "1%", "Probability"),
        (UNSURE, "Match", "1.23%", "Probability"),
        (COSINE, "Similarity", "0.273", "Cosine"),
        (LIKELIHOOD, "Likelihood", "0.042", "How likely"),
    ],
)
def test_a_score_is_named_written_and_explained_by_its_kind(score: Score, name: str, text: str, meaning: str) -> None:
    assert (score.name, score.text) == (name, text) and score.meaning.startswith(meaning)


@pytest.mark.parametrize(
    ("score", "other", "change"),
    [
        (SURE, Score(0.3), POINTS.format(points="-3")),
        (UNSURE, SURE, POINTS.format(points="-25.77")),
        (COSINE, Score(0.3, "similarity"), "-0.027"),
        (LIKELIHOOD, Score(0.04, "likelihood"), "+0.002"),
        (COSINE, SURE, None),
        (LIKELIHOOD, COSINE, None),
    ],
)
def test_points_lie_between_probabilities_and_nothing_between_kinds(
    score: Score, other: Score, change: str | None
) -> None:
    assert score.change_from(other) == change
