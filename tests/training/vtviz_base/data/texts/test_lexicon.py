"""Words and their translations, from sentences made of a known dictionary."""

import random
from pathlib import Path

import pytest

from vtviz.inputs import split_words
from vtviz.training.vtviz_base.data.texts.chinese import carried_phrases, new_pieces, noun_spans
from vtviz.training.vtviz_base.data.texts.lexicon import Lexicon, learn_lexicon, load_lexicon, save_lexicon

WORDS = {"dog": "狗", "man": "男人", "red": "红色", "ball": "球", "grass": "草地", "bike": "自行车", "two": "两个"}


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    pytest.importorskip("nltk")
    rng = random.Random(0)
    pairs = []
    for _ in range(300):
        english = rng.sample(sorted(WORDS), 4)
        chinese = [WORDS[word] for word in english]
        rng.shuffle(chinese)  # the order of words says nothing
        pairs.append((["the", *english], [*chinese, "的"]))
    return learn_lexicon(pairs)


def test_words_that_come_together_translate_each_other(lexicon: Lexicon) -> None:
    assert {word: lexicon.best_chinese(word) for word in WORDS} == WORDS
    assert lexicon.strength("dog", "狗") > 0.5 > lexicon.strength("dog", "球")
    assert lexicon.best_chinese("giraffe") is None


def test_a_lexicon_survives_its_file(lexicon: Lexicon, tmp_path: Path) -> None:
    save_lexicon(lexicon, tmp_path / "lexicon.json")
    loaded = load_lexicon(tmp_path / "lexicon.json")
    assert loaded.chinese_of == lexicon.chinese_of and loaded.english_of == lexicon.english_of


def test_of_equal_words_the_nearest_to_the_diagonal_is_linked(lexicon: Lexicon) -> None:
    english, chinese = split_words("red dog ball dog"), split_words("狗球红色狗")
    assert (3, 3) in lexicon.links(english, chinese) and (3, 0) not in lexicon.links(english, chinese)


def test_a_phrase_is_where_its_words_are(lexicon: Lexicon) -> None:
    caption = "a red ball and the dog"
    phrases = [
        {"caption": 0, "start": 0, "end": 10, "boxes": [[0, 0, 1, 1]]},
        {"caption": 0, "start": 15, "end": 22, "boxes": [[0, 0, 1, 1]]},
        {"caption": 1, "start": 0, "end": 3, "boxes": [[0, 0, 1, 1]]},
    ]
    text = "狗和红色的球"
    carried = carried_phrases({"captions": [caption, "dog"], "phrases": phrases}, 0, text, lexicon)
    assert [(phrase.number, [text[a:b] for a, b in phrase.spans]) for phrase in carried] == [
        (0, ["红色的球"]),
        (1, ["狗"]),
    ]
    assert carried[0].english == (0, 10)


def test_nouns_are_found_in_a_sentence_that_translates_nothing(lexicon: Lexicon) -> None:
    assert noun_spans("骑自行车的男人", ["man", "dog", "bike"], lexicon) == [("bike", (1, 4)), ("man", (5, 7))]


def test_frequent_words_and_characters_become_pieces() -> None:
    pieces = new_pieces(["一只狗在草地上。"] * 8 + ["鸟"] * 4 + ["蛙"], ["斑马"])
    assert (
        {"一只", "狗", "草地", "草", "鸟", "斑马", "斑", "马"} <= set(pieces)
        and "蛙" not in pieces
        and "。" not in pieces
    )
    assert pieces == sorted(set(pieces))
