"""Which of the captions that were written are shown."""

import pytest

from vtviz.inputs import Tokens, split_words
from vtviz.tasks.caption import chosen, stutters, tells


def tokens(text: str) -> Tokens:
    words = split_words(text)
    pieces, spans = tuple(word.text for word in words), tuple((word.start, word.end) for word in words)
    return Tokens(text, pieces, spans, words, tuple(range(len(words))))


TEXTS = [
    tokens(text)
    for text in (
        "A dog runs on the grass.",
        "A dog runs on the green grass.",
        "A dog a dog runs.",
        "Two men sit on a bench.",
        "A brown dog is in water.",
    )
]


def test_the_best_match_comes_first_without_stutters_and_near_repetitions() -> None:
    assert chosen(TEXTS, [0.3, 0.5, 0.9, 0.4, 0.1], 3) == [1, 3, 4]
    assert chosen(TEXTS, [0.5, 0.3, 0.9, 0.4, 0.6], 2) == [4, 0]


def test_a_stutter_is_shown_where_there_is_nothing_else() -> None:
    assert chosen(TEXTS[2:3], [0.1], 3) == [0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a dog a dog runs", True),
        ("in in the snow", True),
        ("a man in a hat in a hat smiles", True),
        ("a dog and a dog", False),
        ("two dogs run and two dogs sit", False),
    ],
)
def test_a_stutter_says_the_same_twice_in_a_row(text: str, expected: bool) -> None:
    assert stutters(text.split()) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A close up of a dog.", True),
        ("A close up of a close up.", False),
        ("There is a photo.", False),
        ("A cat is in the picture.", True),
        ("一只狗在草地上。", True),
        ("一张鸟的鸟。", False),
        ("一张狗的a photo。", False),
        ("一张照片。", False),
    ],
)
def test_a_caption_tells_what_the_photo_shows_in_one_language(text: str, expected: bool) -> None:
    words = [word.text.lower() for word in tokens(text).words if word.text[0].isalnum()]
    assert tells(words) is expected
    assert chosen([tokens(text), tokens("Two men sit.")], [0.9, 0.1], 1) == [0 if expected else 1]
