"""Changing one word of a text."""

from vtviz.ui.ask.exchange import alternatives, change_some_word, change_word
from vtviz.ui.frame.resources import samples


def test_a_word_is_changed_in_its_place() -> None:
    assert change_word("A cat, a hat", 1, "dog") == "A dog, a hat"
    assert change_word("Cats sleep", 0, "dogs") == "Dogs sleep"
    assert change_word("a red cat", 1, "") == "a cat"


def test_alternatives_are_of_the_same_kind() -> None:
    assert "dog" in alternatives("Cat") and "cat" not in alternatives("cat")
    assert alternatives("with") == []


def test_every_sample_has_a_word_to_change() -> None:
    for sample in samples().values():
        assert change_some_word(sample.texts[0]) != sample.texts[0]
    assert change_some_word("Nothing known here") == "Nothing known here"
