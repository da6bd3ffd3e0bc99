"""Words that the app knows."""

from vtviz.vocabulary import empty_words, everyday_nouns, function_words, kinds, nouns, with_article


def test_nouns_have_plurals_and_chinese_names_and_none_is_a_function_word() -> None:
    assert len(everyday_nouns()) >= 300 and {"dog", "dogs", "bus", "buses", "狗"} <= nouns()
    assert all(name and chinese for name, chinese in everyday_nouns().items())
    assert not nouns() & function_words() and {"behind", "with", "the", "的"} <= function_words()


def test_nouns_that_stand_for_one_another_have_one_chinese_word_each() -> None:
    names = [name for group in kinds().values() for name in group]
    assert len(set(names)) == len(names) > 80
    assert len({everyday_nouns()[name] for name in names}) == len(names)


def test_words_that_name_nothing_are_no_nouns() -> None:
    assert {"hi", "photo", "the", "照片"} <= empty_words()
    assert empty_words() & set(everyday_nouns()) == {"picture"}  # on a wall, but mostly the photo itself


def test_a_noun_stands_with_its_article_if_it_takes_one() -> None:
    phrases = [with_article(noun) for noun in ("dog", "eagle", "uniform", "umbrella", "snow", "glasses")]
    assert phrases == ["a dog", "an eagle", "a uniform", "an umbrella", "snow", "glasses"]
