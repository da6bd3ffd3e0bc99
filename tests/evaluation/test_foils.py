"""Sentences that differ in one thing."""

import random

import pytest

from vtviz.evaluation.foils import ALIKE_COLOURS, Foils

FOILS = Foils(
    {"animals": ["dog", "horse", "fox"], "places": ["beach", "street"]},
    {"dog": "狗", "horse": "马", "fox": "狐狸", "beach": "海滩", "street": "街道"},
    {"狗": "dog", "马": "horse", "海滩": "beach"},
)


def made(text: str, said: tuple[str, ...] = (), count: int = 60) -> dict[str, set[tuple[str, str]]]:
    """All that becomes of each word, with its kind."""
    changes: dict[str, set[tuple[str, str]]] = {}
    for seed in range(count):
        for foil in FOILS.all_of(text, said, random.Random(seed)):
            changes.setdefault(foil.was, set()).add((foil.kind, foil.now))
            assert foil.text != text
    return changes


def test_one_word_is_exchanged_by_one_of_its_kind() -> None:
    changes = made("Two dogs are running to a red fox .")
    assert {kind for kind, _ in changes["Two"]} == {"number"} and ("number", "three") in changes["Two"]
    assert ("noun", "horses") in changes["dogs"] and not any("dog" in now for _, now in changes["dogs"])
    assert {kind for kind, _ in changes["running"]} == {"action"}
    assert not {now for _, now in changes["running"]} & {"running", "walking", "jumping", "riding"}
    assert {kind for kind, _ in changes["red"]} == {"colour"} and ("noun", "dog") in changes["fox"]
    assert set(changes) == {"Two", "dogs", "running", "red", "fox"}


def test_what_is_said_of_the_photo_is_never_a_foil() -> None:
    changes = made("a dog in blue", ("horse", "red", "green"))
    assert {now for _, now in changes["dog"]} <= {"fox", "beach", "street"}
    assert not {now for _, now in changes["blue"]} & {"red", "green", "blue"}


@pytest.mark.parametrize("group", ALIKE_COLOURS, ids=lambda group: "-".join(sorted(group)))
def test_colours_that_people_take_for_each_other_are_not_exchanged(group: set[str]) -> None:
    for colour in group:
        assert not {now for _, now in made(f"a {colour} thing")[colour]} & group


def test_the_article_fits_the_new_word() -> None:
    texts = {FOILS.all_of("A red hat", (), random.Random(seed))[0].text for seed in range(80)}
    assert "A blue hat" in texts and not any(text.startswith("A orange") for text in texts)
    orange = {FOILS.all_of("an orange hat", (), random.Random(seed))[0].text for seed in range(80)}
    assert "a blue hat" in orange and all(text.startswith("a ") for text in orange)


def test_chinese_words_are_exchanged_by_chinese_words() -> None:
    changes = made("两只黑色的狗在海滩奔跑", ("street",))
    assert ("number", "三只") in changes["两只"] and ("colour", "红色") in changes["黑色"]
    assert {now for _, now in changes["狗"]} <= {"马", "狐狸", "海滩"} and "街道" not in str(changes)
    assert {kind for kind, _ in changes["奔跑"]} == {"action"} and ("action", "跳跃") not in changes["奔跑"]


def test_a_text_without_such_a_word_has_no_foil() -> None:
    assert FOILS.one_of("the quick thinker", (), random.Random(0)) is None
