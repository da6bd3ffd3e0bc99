"""Known words."""

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer

from vtviz.models.vtviz_base.vocabulary import Vocabulary, spelling

KNOWN = Vocabulary({"dog": 4, "dogs": 1, "bus": 9, "pony": 6, "ice": 7, "cream": 2, "man": 50})


@pytest.mark.parametrize("word", ["dog", "Dogs", "bus", "buses", "ponies", "man's", "12", "!", "ice-man"])
def test_known(word: str) -> None:
    assert KNOWN.knows(word)


@pytest.mark.parametrize("word", ["zebra", "cream", "ice-cream", "ds", "犬"])
def test_unknown(word: str) -> None:
    assert not KNOWN.knows(word)


@pytest.mark.parametrize("word", ["café", "CAFE\u0301S", "Café-man", "cafe", "2café", "naïve"])
def test_a_word_is_known_in_every_spelling_that_the_tokenizer_reads_alike(word: str) -> None:
    tokenizer = Tokenizer(WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    known = Vocabulary({"cafe": 6, "naïve": 3, "naive": 2, "man": 9}, spelling(tokenizer))
    assert known.knows(word) and not known.knows("cafè-zebra")


def test_chinese_words_are_words_though_the_tokenizer_cuts_them_into_characters() -> None:
    tokenizer = Tokenizer(WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    known = Vocabulary({"绵羊": 6, "哪里": 5, "汽车": 4}, spelling(tokenizer))
    assert known.count("绵羊") == 6 and known.knows("哪里") and not known.knows("汽车") and not known.knows("绵")
    assert known.knows("这是")  # names nothing
