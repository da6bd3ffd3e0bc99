"""Words that the app knows."""

from vtviz.vocabulary import everyday_nouns, function_words, nouns


def test_nouns_have_plurals_and_chinese_names_and_none_is_a_function_word() -> None:
    assert len(everyday_nouns()) >= 300 and {"dog", "dogs", "bus", "buses", "狗"} <= nouns()
    assert all(name and chinese for name, chinese in everyday_nouns().items())
    assert not nouns() & function_words() and {"behind", "with", "the", "的"} <= function_words()
