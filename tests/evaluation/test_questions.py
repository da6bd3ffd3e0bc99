"""Questions derived from captions, by hand."""

from typing import Any

import pytest

from vtviz.evaluation.question_words import ACTIONS, related, singular
from vtviz.evaluation.questions import Question, derive, frequent_nouns


def row(image: str, *captions: tuple[str, list[tuple[str, str]]]) -> dict[str, Any]:
    phrases = []
    for number, (caption, parts) in enumerate(captions):
        for text, kind in parts:
            start = caption.index(text)
            end, box = start + len(text), [0.1 * number, 0.1, 0.5, 0.9]
            phrases.append(
                {"caption": number, "start": start, "end": end, "text": text, "kind": [kind], "boxes": [box]}
            )
    return {"image": image, "captions": [caption for caption, _ in captions], "phrases": phrases}


DOGS = row(
    "dogs.jpg",
    ("Two brown dogs run through the snow .", [("Two brown dogs", "animals"), ("the snow", "scene")]),
    ("Three dogs are playing in a field", [("Three dogs", "animals"), ("a field", "scene")]),
)


def asked(questions: list[Question]) -> dict[str, frozenset[str]]:
    return {each.text(): each.answers for each in questions if each.kind != "presence"}


def test_the_answers_are_those_of_any_caption() -> None:
    assert asked(derive(DOGS, [])) == {
        "How many dogs are there?": {"two", "three"},
        "What colour are the dogs?": {"brown"},
        "What are the dogs doing?": {"running", "playing"},
        "Where are the dogs?": {"snow", "field"},
    }


def test_the_questions_are_the_same_each_time() -> None:
    assert derive(DOGS, ["cat", "car"]) == derive(DOGS, ["cat", "car"])


def test_absent_is_only_what_no_caption_comes_near() -> None:
    nouns = frequent_nouns([DOGS, DOGS])
    assert set(nouns) == {"dog", "snow", "field"}
    present = [q for q in derive(DOGS, [*nouns, "puppy", "animal", "mountain", "car"]) if q.kind == "presence"]
    by_answer = {next(iter(q.answers)): q.text() for q in present}
    assert by_answer["yes"] in {"Is there a dog?", "Is there any snow?", "Is there a field?"}
    assert by_answer["no"] == "Is there a car?"


def test_two_colours_are_one_answer() -> None:
    made = row("cow.jpg", ("a white and black spotted cow", [("a white and black spotted cow", "animals")]))
    assert asked(derive(made, []))["What colour is the spotted cow?"] == {"black and white"}


@pytest.mark.parametrize(
    ("noun", "expected"),
    [("dogs", "dog"), ("men", "man"), ("grass", "grass"), ("beaches", "beach"), ("ladies", "lady"), ("bus", "bus")],
)
def test_singulars(noun: str, expected: str) -> None:
    assert singular(noun) == expected


def test_verbs_in_every_form() -> None:
    for form in ("run", "runs", "running"):
        assert ACTIONS[form] == "running"
    assert ACTIONS["rides"] == "riding" and ACTIONS["lying"] == "lying" and ACTIONS["carries"] == "carrying"


def test_men_and_women_are_told_apart_but_not_from_people() -> None:
    assert "woman" not in related("man") and {"person", "boy"} <= related("man")
