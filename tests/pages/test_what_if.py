"""What if without a browser: changes come by links, as the bench is the browser's own."""

import json
import struct
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from vtviz.interventions.changes import Change, Cut, Drop, Hide, Without
from vtviz.paths import PAGES
from vtviz.ui.what_if.trials import Bench, written

EYE: tuple[Change, ...] = (Hide(((0.25, 0.25, 0.55, 0.55),)),)
BOTH: tuple[Change, ...] = (*EYE, Drop(2))


def page(bench: Bench | None = None, **query: str) -> AppTest:
    app = AppTest.from_file(str(PAGES / "what_if.py"), default_timeout=180)
    app.query_params.update({**({"tried": written(bench)} if bench else {}), **query})
    return app.run()


def shown(app: AppTest) -> dict[str, Any]:
    """What the bench got."""
    found = [each.proto for each in app.get("bidi_component") if each.proto.bytes]
    (data,) = (each.bytes for each in found if b'"trials"' in each.bytes)
    (length,) = struct.unpack("<I", data[:4])
    header: dict[str, Any] = json.loads(data[4 : 4 + length])
    return header


def test_a_first_visit_has_nothing_changed() -> None:
    app = page()
    assert not app.exception and not app.error
    data = shown(app)
    assert data["changes"] == [] and data["trials"] == [] and not data["undo"]
    assert data["sides"]["base"]["score"] == data["sides"]["now"]["score"]
    assert [name for name, _ in data["ways"]] == ["where", "attention", "moved"] and data["way"] == "moved"
    assert [kind["layers"] for kind in data["heads"]][:2] == [[8, 8, 8]] * 2
    assert set(data["reasons"].values()) == {None}


def test_a_link_restores_the_trials_and_what_they_are_beside() -> None:
    bench = Bench(BOTH, EYE, [EYE, BOTH], {EYE})
    app = page(bench)
    assert not app.exception and not app.error and not app.warning
    data = shown(app)
    assert [trial["kept"] for trial in data["trials"]] == [True, False]
    assert [trial["now"] for trial in data["trials"]] == [False, True]
    assert [trial["base"] for trial in data["trials"]] == [True, False]
    assert data["sides"]["now"]["places"] == [0, 1, 3, 4, 5] and data["sides"]["base"]["places"] == list(range(6))
    assert data["scores"][2][0] is not None and data["scores"][2][1] is None
    assert "cat" in data["said"][1] and data["promise"].startswith("The heatmap gave")
    assert f"{data['sides']['now']['score']} (" in data["promise"] and "log-odds" not in data["promise"]
    assert data["sides"]["now"]["score"] != data["sides"]["base"]["score"]
    assert app.query_params["tried"] == written(bench)


def test_another_way_to_look_is_computed_alone() -> None:
    off: tuple[Change, ...] = (Without("text→image", 0, 3),)
    data = shown(page(Bench(off, (), [off]), **{"what-if-way": "attention"}))
    assert data["way"] == "attention"
    assert data["changes"] == [{"change": "without", "kind": "text→image", "layer": 0, "head": 3}]
    assert data["sides"]["now"]["key"] != data["sides"]["base"]["key"] and data["sides"]["now"]["title"] == "Changes: 1"


def test_what_cannot_be_done_is_said_and_taken_back() -> None:
    impossible: tuple[Change, ...] = (Drop(2), Cut(patches=(1,), place=2))
    app = page(Bench(impossible, (), [EYE, impossible]))
    assert not app.exception and "no word 2" in app.error[0].value
    assert shown(app)["changes"] == [] and len(shown(app)["trials"]) == 1


@pytest.mark.parametrize("word", ["nonsense", "eJyrVkqpVLJSKkmtKFGqBQAcVgPP"])
def test_a_bad_link_is_named_and_the_page_stands(word: str) -> None:
    app = page(tried=word)
    assert not app.exception and not app.error and "tried" in app.warning[0].value
    assert shown(app)["changes"] == []


def test_a_model_without_attention_to_patches_says_why(own: str) -> None:
    app = AppTest.from_file(str(PAGES / "what_if.py"), default_timeout=180)
    app.session_state["agreed-models"] = {own}
    app.query_params.update({"photo": "chelsea", "text": "a cat", "model": own})
    app.run()
    assert not app.exception and not app.error
    data = shown(app)
    assert data["reasons"]["hide"] is None and "No word attends to a patch" in data["reasons"]["cut"]
    assert [kind["kind"] for kind in data["heads"]] == ["image", "text"]
