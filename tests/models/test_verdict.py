"""What may be said of a score, and which texts name nothing."""

import pytest

from vtviz.models.verdict import Bounds, names_something


def test_a_verdict_is_given_beyond_the_bounds_alone() -> None:
    bounds = Bounds(0.2, 0.7)
    scores = (0.0, 0.1999, 0.2, 0.6999, 0.7, 1.0)
    expected = ["does not", "does not", "not sure", "not sure", "describes", "describes"]
    assert [bounds.verdict(score) for score in scores] == expected


@pytest.mark.parametrize(
    ("words", "unknown", "expected"),
    [
        (["hi"], (), False),
        (["It's", "a", "photo", "."], (), False),
        (["asdf"], (0,), False),
        (["a", "giraffe", "runs"], (1,), True),
        (["42", "!"], (), False),
        (["dog"], (), True),
        (["这", "是", "一张", "照片"], (), False),
        (["一只", "狗"], (), True),
    ],
)
def test_a_text_names_something_if_a_known_word_does(
    words: list[str], unknown: tuple[int, ...], expected: bool
) -> None:
    assert names_something(words, unknown) is expected
