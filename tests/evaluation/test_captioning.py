"""Caption metrics against small computations by hand."""

import math

import pytest

from vtviz.evaluation.captioning import bleu, caption_words, cider


def test_words_are_lower_case_without_marks() -> None:
    assert caption_words("A man 's dog, half-asleep .") == ["a", "man", "s", "dog", "half-asleep"]


def test_bleu_of_the_same_text_is_one_and_by_hand() -> None:
    assert bleu(["A dog runs fast."], [["a dog runs fast"]]) == pytest.approx(1.0)
    # 1-grams 3 of 4, 2-grams 2 of 3; the same length, so no penalty.
    assert bleu(["a dog runs home"], [["a dog runs fast"]], 2) == pytest.approx(math.sqrt(3 / 4 * 2 / 3), abs=1e-6)
    # All right but short: exp(1 - 6/4).
    assert bleu(["a dog runs fast"], [["a dog runs fast and far"]]) == pytest.approx(math.exp(1 - 6 / 4), abs=1e-6)


def test_cider_by_hand() -> None:
    references = [["dog runs"], ["cat sits"]]
    assert cider(["dog runs", "cat sits"], references) == pytest.approx(10.0 * 2 / 4)  # 3- and 4-grams: none there
    # "dog" is weighted log 2 in every text it stands in; unigrams (dog, runs) against (dog, sits): cosine 1/2.
    assert cider(["dog sits", "cat sits"], references) == pytest.approx((10 * 0.5 / 4 + 10 * 2 / 4) / 2)


def test_cider_counts_common_words_less_and_repetition_not_at_all() -> None:
    references = [["a dog runs"], ["a cat sits"]]
    assert cider(["a", "a cat sits"], references) == pytest.approx(10 * 3 / 4 / 2)  # "a" stands in both: weight 0
    assert cider(["dog dog dog", "a cat sits"], references) < cider(["a dog", "a cat sits"], references)
