"""Sentences beside similar ones, on the small network."""

import pytest

from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.similar_sentences import RankSimilar
from vtviz.inputs import ImageInput, InputError
from vtviz.models.vtviz_base.model import VtvizBase


def test_each_similar_sentence_has_its_own_match_and_the_best_come_first(
    tiny: VtvizBase, tiny_engine: LocalEngine, photo: ImageInput
) -> None:
    ranked = tiny_engine.ask(RankSimilar(photo, "two red dogs running", "tiny", 8))
    features = tiny.encode_image(photo)
    texts = [item.text for item in ranked.similar]
    expected = tiny.match_logits(features.expand(9, -1, -1), ["two red dogs running", *texts]).sigmoid().tolist()
    assert [ranked.score, *(item.score for item in ranked.similar)] == pytest.approx(expected, abs=1e-5)
    assert [item.score for item in ranked.similar] == sorted((item.score for item in ranked.similar), reverse=True)
    assert ranked.better_than == sum(score < expected[0] for score in expected[1:])
    assert len(set(texts)) == 8 and {item.kind for item in ranked.similar} == {"number", "colour", "noun", "action"}
    assert all(item.now in item.text and item.was not in item.text.split() for item in ranked.similar)


def test_the_same_sentences_come_again_and_none_where_no_word_can_be_exchanged(
    tiny_engine: LocalEngine, photo: ImageInput
) -> None:
    request = RankSimilar(photo, "a dog runs", "tiny", 4)
    first = [item.text for item in tiny_engine.ask(request).similar]
    assert len(first) == 4 and [item.text for item in tiny_engine.ask(request).similar] == first
    assert tiny_engine.ask(RankSimilar(photo, "hello there", "tiny")).similar == ()
    with pytest.raises(InputError):
        tiny_engine.ask(RankSimilar(photo, "?!", "tiny"))
