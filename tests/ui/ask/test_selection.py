"""What links say, and what they must not do."""

from dataclasses import replace

import pytest

from vtviz.attribution.options import Options
from vtviz.ui.ask.selection import Selection, first_selection, from_query, to_query

FULL = Selection(
    "coffee",
    "A cup & a plate #1",
    method="raw_attention",
    target="similarity",
    options=Options(layer=1, head=3, seed=5),
)


@pytest.mark.parametrize("selection", [FULL, replace(FULL, alone=True), first_selection(), Selection("ab" * 32, "猫")])
@pytest.mark.parametrize("prefix", ["", "b."])
def test_a_selection_comes_back_from_its_parameters(selection: Selection, prefix: str) -> None:
    query = to_query(selection, prefix)
    assert all(name.startswith(prefix) for name in query)
    assert from_query(query, Selection("rocket", "something"), prefix) == (selection, [])


def test_a_link_made_long_ago_opens() -> None:
    """The names of the parameters are a promise: links are kept in documents."""
    query = {
        "b.photo": "coffee",
        "b.text": "A red plate",
        "b.method": "rise",
        "b.layer": "1",
        "b.head": "0",
        "b.target": "caption:2",
        "b.samples": "500",
        "b.seed": "7",
        "b.window": "3",
    }
    chosen, wrong = from_query(query, first_selection(), "b.")
    assert not wrong and to_query(chosen, "b.") == query
    assert (chosen.method, chosen.target, chosen.options) == ("rise", "caption:2", Options(1, 0, 500, 7, 3))


def test_a_sample_without_a_text_brings_its_own() -> None:
    chosen, wrong = from_query({"photo": "coffee"}, first_selection())
    assert chosen == Selection("coffee", "A cup of coffee") and not wrong


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("photo", "../../etc/passwd"),
        ("photo", "AB" * 32),
        ("text", ""),
        ("text", "x" * 2001),
        ("model", "nothing"),
        ("model", "open_clip:nothing/openai"),
        ("method", "nothing"),
        ("layer", "-1"),
        ("layer", "1e3"),
        ("head", "٣"),
        ("target", "world"),
        ("seed", "99999999999"),
    ],
)
def test_what_makes_no_sense_is_named_and_the_rest_is_used(name: str, value: str) -> None:
    start = first_selection()
    chosen, wrong = from_query({"photo": "rocket", "text": "a rocket", name: value}, start)
    assert wrong == [name]
    expected = replace(
        start, photo="rocket", text="A rocket at night" if name == "text" else "a rocket"
    )  # the sample's own
    if name == "photo":
        expected = replace(expected, photo=start.photo)
    assert chosen == expected
