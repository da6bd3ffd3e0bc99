"""Words of Chinese text, and the language of a text."""

import pytest

from vtviz.chinese import language_of, segment
from vtviz.inputs import split_words


def test_words_are_those_of_the_dictionary_and_spell_the_text() -> None:
    text = "两个小女孩在草地上骑自行车"
    words = segment(text)
    assert "".join(words) == text and {"自行车", "草地", "小女孩"} <= set(words)
    assert segment("狗") == ["狗"] and segment("") == []


def test_words_of_mixed_text_keep_their_places() -> None:
    text = "一只dog追着红色的frisbee。"
    words = split_words(text)
    assert [word.text for word in words] == ["一只", "dog", "追", "着", "红色", "的", "frisbee", "。"]
    assert all(text[word.start : word.end] == word.text for word in words)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("A dog runs.", "en"),
        ("一只狗在跑。", "zh"),
        ("一只dog在跑", "zh"),
        ("a dog named 狗 runs", "en"),
        ("狗 dog", "zh"),
        ("123!", "en"),
        ("犬が走る", "zh"),
    ],
)
def test_a_text_is_in_the_language_of_most_of_its_words(text: str, language: str) -> None:
    assert language_of(text) == language
