"""How long work will take."""

import pytest

from vtviz.sentences import catalogue
from vtviz.ui.frame.pace import duration, expected_seconds, note_pace

SAY = catalogue("en")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, SAY["time.instant"]),
        (1.2, SAY["time.seconds"].format(count=1)),
        (89, SAY["time.seconds"].format(count=89)),
        (114, SAY["time.minutes"].format(count=2)),
    ],
)
def test_times_as_a_person_says_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_an_estimate_is_that_of_the_passes_measured_last() -> None:
    kind = ("a model", "a method of this test")
    assert expected_seconds(kind, 100, guess_ms=20) == pytest.approx(2.0)
    note_pace(kind, passes=10, seconds=5.0)
    assert expected_seconds(kind, 100, guess_ms=20) == pytest.approx(50.0)
    note_pace(kind, passes=0, seconds=9.0)  # nothing ran
    assert expected_seconds(kind, 100, guess_ms=20) == pytest.approx(50.0)
