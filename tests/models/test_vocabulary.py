"""Known words."""

import pytest

from vtviz.models.vtviz_base.vocabulary import Vocabulary

KNOWN = Vocabulary({"dog": 4, "dogs": 1, "bus": 9, "pony": 6, "ice": 7, "cream": 2, "man": 50})


@pytest.mark.parametrize("word", ["dog", "Dogs", "bus", "buses", "ponies", "man's", "12", "!", "ice-man"])
def test_known(word: str) -> None:
    assert KNOWN.knows(word)


@pytest.mark.parametrize("word", ["zebra", "cream", "ice-cream", "as", "犬"])
def test_unknown(word: str) -> None:
    assert not KNOWN.knows(word)
