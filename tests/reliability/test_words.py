"""What a reader takes for one word is one word, and what a model reads stays as it was."""

import time

import pytest
from tokenizers import Tokenizer

from vtviz.inputs import split_words
from vtviz.models.vtviz_base.family import FOLDER
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.models.vtviz_base.vocabulary import Vocabulary


def words(text: str) -> list[str]:
    return [word.text for word in split_words(text)]


@pytest.mark.parametrize(
    "word",
    [
        *("3.14", "1,000", "1.000,50", "10:30", "U.S.", "U.S.A.", "e.g.", "e-mail@x.org", "a.b+c@sub.x-y.org", "#tag"),
        *("Ph.D.", "www.x.org", "https://example.org/a?b=c", "1/2", "50%", "$5.50", "-5", "@user", "3．14", "١٬٠٠٠"),
    ],
)
def test_one_word_for_a_reader_is_one_word(word: str) -> None:
    assert words(f"a dog {word} runs") == ["a", "dog", word, "runs"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("isn't it", ["isn't", "it"]),
        ("a dog. A cat", ["a", "dog", ".", "A", "cat"]),
        ("at 10:30, 3.", ["at", "10:30", ",", "3", "."]),
        ("3.dog", ["3", ".", "dog"]),
        ("dog:cat", ["dog", ":", "cat"]),
        ("a, b", ["a", ",", "b"]),
        ("(U.S.)", ["(", "U.S.", ")"]),
        ("C# and #", ["C", "#", "and", "#"]),
        ("dog#tag", ["dog", "#", "tag"]),
        ("me@ home", ["me", "@", "home"]),
        ("3.14只狗", ["3.14", "只", "狗"]),
        ("(see www.x.org).", ["(", "see", "www.x.org", ")", "."]),
        ("a/b and a -b, 1-5", ["a", "/", "b", "and", "a", "-", "b", ",", "1-5"]),
        ("100%的", ["100%", "的"]),
        ("...", [".", ".", "."]),
        ("Mr. Smith", ["Mr", ".", "Smith"]),
    ],
)
def test_marks_between_words_stay_on_their_own(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    "unit",
    ["a", "a.", "1.", "1,", "a@", "@a.", "#", "'", "-a", "a-", "é", "狗", "a.b@c.", "\u200d", "https://", "www.!"],
)
def test_words_are_found_in_time_that_grows_with_the_text(unit: str) -> None:
    def seconds(length: int) -> float:
        text, began = unit * (length // len(unit)), time.process_time()
        split_words(text)
        return time.process_time() - began

    seconds(2000)
    assert min(seconds(40_000) for _ in range(2)) < 2.0


ORDINARY = (
    "A dog runs on the grass.",
    "Two men, one in red, aren't sitting at 10:30 for $3.14",
    "U.S. e-mail@x.org #tag 1,000",
    "une café à la crème",
    "一只狗 and a cat",
    "🐕 SEP CLS [ SEP ] [mask",
)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_has_the_ids_of_the_plain_tokenizer(tiny: VtvizBase, text: str) -> None:
    plain = Tokenizer.from_file(str(FOLDER / "tokenizer.json")).encode(text).ids
    model = VtvizBase(tiny.network, Tokenizer.from_file(str(FOLDER / "tokenizer.json")), "", tiny.vocabulary, 0.5)
    assert model.encode_texts([text]).ids[0].tolist() == plain
    assert len(model.tokenize(text).pieces) == len(plain) - 2


def test_a_contraction_is_known_where_its_words_are() -> None:
    known = Vocabulary({"is": 9, "can": 9, "will": 9, "dog": 9, "we": 9, "zebra": 1})
    for word in ("isn't", "isn’t", "can't", "won't", "dog's", "we're", "we'll", "U.S.", "ISN'T", "3.14", "#dog"):
        assert known.knows(word), word
    for word in ("zebra's", "zebran't", "x", "a@zebra.org"):
        assert not known.knows(word), word
