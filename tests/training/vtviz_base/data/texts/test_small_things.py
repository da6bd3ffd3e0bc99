"""Things that captions name, and the short texts about them."""

import pytest

from vtviz.training.vtviz_base.data.texts.small_things import Thing, richest, small_things, thing_weights, things_of


def test_small_things_get_short_texts_with_their_boxes() -> None:
    caption = "A man throws a red ball on the grass"
    ball = [0.6, 0.6, 0.7, 0.7]
    phrases = [
        {"caption": 0, "start": 0, "end": 5, "text": "A man", "kind": ["people"], "boxes": [[0, 0, 0.5, 1]]},
        {
            "caption": 0,
            "start": 13,
            "end": 23,
            "text": "a red ball",
            "kind": ["other"],
            "boxes": [[0.6, 0.6, 0.7, 0.7]],
        },
        {"caption": 0, "start": 27, "end": 36, "text": "the grass", "kind": ["scene"], "boxes": [[0, 0.9, 1, 1]]},
    ]
    small = small_things({"captions": [caption], "phrases": phrases})
    assert small["captions"] == ["a photo of a ball."]
    (phrase,) = small["phrases"]
    assert small["captions"][0][phrase["start"] : phrase["end"]] == "ball"
    assert [list(box) for box in phrase["boxes"]] == [ball]


def test_a_thing_has_the_boxes_of_all_phrases_about_it_and_a_boat_is_no_scene() -> None:
    def phrase(text: str, start: int, kind: list[str], box: list[float]) -> dict:
        return {"caption": 0, "start": start, "end": start + len(text), "text": text, "kind": kind, "boxes": [box]}

    caption = "a boat near two boats by the shore"
    phrases = [
        phrase("a boat", 0, ["vehicles", "scene"], [0.0, 0.0, 0.1, 0.1]),
        phrase("two boats", 12, ["vehicles", "scene"], [0.5, 0.5, 0.6, 0.6]),
        phrase("the shore", 25, ["scene"], [0.0, 0.5, 1.0, 1.0]),
    ]
    (boat,) = things_of({"captions": [caption], "phrases": phrases})
    assert boat.noun == "boat" and len(boat.boxes) == 2 and boat.is_small and not boat.is_clothing


def test_rare_and_small_things_weigh_more() -> None:
    small, large = ((0.0, 0.0, 0.1, 0.1),), ((0.0, 0.0, 1.0, 1.0),)
    dog, cup, wall = Thing("dog", small, False), Thing("cup", small, False), Thing("wall", large, False)
    things = [[dog], [dog, wall], [dog, cup], [dog]]
    weights = thing_weights(things)
    assert weights[2] == pytest.approx([0.5, 1.0]) and weights[1][1] == pytest.approx(0.3)
    assert richest(things, 2) == [1, 2]
