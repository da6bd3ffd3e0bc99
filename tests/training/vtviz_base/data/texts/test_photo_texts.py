"""Texts of every kind about one photo, with the regions of their phrases."""

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vtviz.training.vtviz_base.data.texts.lexicon import Lexicon
from vtviz.training.vtviz_base.data.texts.photo_texts import SHARES, WHOLE, PhotoTexts
from vtviz.training.vtviz_base.data.views import View

CAPTIONS = ["A red dog runs on grass .", "The dog is near a ball ."]
PAIRS = {"dog": "狗", "ball": "球", "grass": "草地", "red": "红色", "cat": "猫"}


def phrase(caption: int, text: str, kind: str, box: list[float]) -> dict[str, Any]:
    start = CAPTIONS[caption].index(text)
    end = start + len(text)
    return {"caption": caption, "start": start, "end": end, "text": text, "kind": [kind], "boxes": [box]}


LEFT, RIGHT, LOW = [0.0, 0.0, 0.5, 1.0], [0.5, 0.0, 1.0, 1.0], [0.0, 0.5, 1.0, 1.0]
REGIONS = {"dog": np.tile([1.0, 1.0, 0.0, 0.0], 4), "ball": np.tile([0.0, 0.0, 1.0, 1.0], 4)}


@pytest.fixture
def texts() -> PhotoTexts:
    phrases = [
        phrase(0, "A red dog", "animals", LEFT),
        phrase(0, "grass", "scene", LOW),
        phrase(1, "The dog", "animals", LEFT),
        phrase(1, "a ball", "other", RIGHT),
    ]
    row = {"image": "a.jpg", "captions": CAPTIONS, "phrases": phrases}
    cat = {"caption": 0, "start": 0, "end": 5, "text": "A cat", "kind": ["animals"], "boxes": [LEFT]}
    dog = {"caption": 0, "start": 11, "end": 16, "text": "a dog", "kind": ["animals"], "boxes": [RIGHT]}
    others = [{"image": f"{i}.jpg", "captions": ["A cat sees a dog ."], "phrases": [cat, dog]} for i in range(20)]
    chinese = [{"written": ["草地上的狗。"], "translated": ["一只红色的狗在草地上奔跑。", None]}]
    chinese += [{"written": [], "translated": [None]} for _ in others]
    both = Lexicon({e: {z: 0.9} for e, z in PAIRS.items()}, {z: {e: 0.9} for e, z in PAIRS.items()})
    return PhotoTexts([row, *others], chinese, both, 4)


@pytest.mark.parametrize("kind", SHARES)
def test_every_phrase_of_a_text_has_the_region_of_its_thing(texts: PhotoTexts, kind: str) -> None:
    drawn = [texts.draw(0, WHOLE, random.Random(seed), kind) for seed in range(40)]
    seen = set()
    for text in drawn:
        for part in text.phrases:
            said = text.text[part.start : part.end]
            thing = next((noun for noun in REGIONS if noun in said or PAIRS[noun] in said), None)
            if thing is not None:
                seen.add(thing)
                np.testing.assert_allclose(part.region, REGIONS[thing])
            if part.twin is not None:
                assert text.caption is not None
                assert (PAIRS["dog"] in said) == ("dog" in CAPTIONS[text.caption][slice(*part.twin)])
    assert "dog" in seen
    assert all(text.distinct == (kind in ("caption", "joined", "translated", "written")) for text in drawn)
    assert all((text.caption is not None) == (kind in ("caption", "translated")) for text in drawn)


def test_a_foil_says_something_that_no_caption_says(texts: PhotoTexts) -> None:
    foils = {texts.draw(0, WHOLE, random.Random(seed), "caption").foil for seed in range(40)} - {None}
    assert any("cat" in str(foil) for foil in foils)
    for foil in foils:
        assert foil not in CAPTIONS


def test_a_joined_text_says_two_captions_with_the_phrases_of_both(texts: PhotoTexts) -> None:
    text = texts.draw(0, WHOLE, random.Random(0), "joined")
    assert all(caption.rstrip(" .") in text.text for caption in CAPTIONS)
    said = [text.text[part.start : part.end] for part in text.phrases]
    assert sorted(said) == sorted(["A red dog", "grass", "The dog", "a ball"])


def test_the_second_text_is_in_the_other_language_and_about_the_same_caption_where_it_can_be(texts: PhotoTexts) -> None:
    chinese = texts.draw(0, WHOLE, random.Random(0), "translated")
    english = texts.other(0, WHOLE, random.Random(0), chinese)
    assert english is not None and english.text == CAPTIONS[0] and english.caption == 0 and len(english.phrases) == 2
    first = replace(english, caption=0)
    others = [texts.other(0, WHOLE, random.Random(seed), first) for seed in range(40)]
    assert {other.text for other in others if other} == {"草地上的狗。", chinese.text}
    assert all((other.caption == 0) == (other.text == chinese.text) for other in others if other)
    untranslated = [texts.other(0, WHOLE, random.Random(seed), replace(english, caption=1)) for seed in range(20)]
    assert {other.text for other in untranslated if other} == {"草地上的狗。"}
    assert texts.other(3, WHOLE, random.Random(0), english) is None


def test_what_a_view_does_not_show_has_no_region(texts: PhotoTexts) -> None:
    right = View((0.5, 0.0, 1.0, 1.0))
    text = texts.draw(0, right, random.Random(0), "translated")
    regions = {text.text[part.start : part.end]: part.region.sum() for part in text.phrases}
    assert regions["红色的狗"] == 0 and regions["草地"] == 8


def test_without_chinese_texts_are_english() -> None:
    row = {"image": "a.jpg", "captions": CAPTIONS, "phrases": []}
    texts = PhotoTexts([row], None, None, 4)
    joints = (" , and ", " . ", " and ")
    joined = {one.rstrip(" .") + joint + other for one in CAPTIONS for other in CAPTIONS for joint in joints}
    assert {texts.draw(0, WHOLE, random.Random(seed)).text for seed in range(30)} <= {*CAPTIONS, *joined}
