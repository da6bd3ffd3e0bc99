"""What "it" stands for, and what to ask next."""

import pytest

from vtviz.tasks.follow_up import follow_ups, in_full, thing_asked


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("Is there a dog?", "dog"),
        ("How many cats are there?", "cat"),
        ("Is a dog on the beach?", "beach"),
        ("What is it doing?", None),
        ("有狗吗？", "狗"),
        ("它在哪里？", None),
    ],
)
def test_the_thing_that_a_question_names(question: str, thing: str | None) -> None:
    assert thing_asked(question) == thing


def test_it_stands_for_what_was_named_before() -> None:
    earlier = ["Is there a cat?", "How many dogs are there?"]
    assert in_full("What colour is it?", earlier) == "What colour is the dog?"
    assert in_full("What are They doing?", ["Is there a cat?"]) == "What are the cat doing?"
    assert in_full("它是什么颜色的？", ["有猫吗？", "Is there a dog?"]) == "猫是什么颜色的？"


def test_a_question_that_is_complete_stays() -> None:
    for question in ("Is it a dog?", "Is there a horse?", "Where is the bitten apple?"):
        assert in_full(question, ["Is there a cat?"]) == question
    assert in_full("What colour is it?", []) == "What colour is it?"
    assert in_full("What colour is it?", ["有猫吗？"]) == "What colour is it?"


def test_what_follows_was_not_asked_yet() -> None:
    first = follow_ups("Is there a dog?")
    assert first == ("What is the dog doing?", "What colour is the dog?", "Where is the dog?")
    assert follow_ups("Is there a dog?", ["what colour is the dog"]) == (first[0], first[2])
    assert follow_ups("有狗吗？")[0] == "狗在做什么？"
    assert "What is the car doing?" not in follow_ups("Is there a car?") and follow_ups("Why?") == ()
