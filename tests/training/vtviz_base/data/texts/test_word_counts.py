"""Words that training shows count as known."""

from vtviz.models.vtviz_base.vocabulary import KNOWN, Vocabulary
from vtviz.training.vtviz_base.data.texts.word_counts import word_counts


def test_words_of_captions_are_counted_and_those_of_questions_are_known() -> None:
    rows = [{"captions": ["A dog runs", "a brown dog"]}]
    counts = word_counts(rows, [], ["red"])
    assert counts["dog"] == 2 and counts["a"] >= 2 and counts["red"] == counts["colour"] == KNOWN
    assert "什么" not in counts


def test_words_of_chinese_sentences_and_questions_are_known() -> None:
    chinese = [{"written": ["一只狗在跑"], "translated": [None, "狗"]}]
    vocabulary = Vocabulary(word_counts([{"captions": []}], [], [], chinese))
    assert vocabulary.count("狗") == 2
    for word in ("什么", "颜色", "哪里", "吗", "照片"):
        assert vocabulary.knows(word), word
    assert not vocabulary.knows("汽车")
