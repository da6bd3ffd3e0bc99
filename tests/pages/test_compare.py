"""The Compare page without a browser."""

import base64
import json
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from vtviz.paths import ASSETS
from vtviz.ui.ask.selection import first_selection


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(str(ASSETS.parent / "pages" / "compare.py"), default_timeout=120).run()


def shown(app: AppTest) -> dict:
    """What the component of both maps got."""
    (found,) = (each.proto.json for each in app.get("bidi_component") if "differs" in each.proto.json)
    return json.loads(found)


def test_the_first_visit_compares_one_changed_word(app: AppTest) -> None:
    assert not app.exception and not app.error
    assert app.text_input(key="texta").value == "A brown cat with green eyes"
    assert app.text_input(key="textb").value == "A brown dog with green eyes"
    assert len(app.metric) == 2 and app.metric[1].delta.startswith("-")
    data = shown(app)
    assert data["differs"] and data["pairs"][data["pinned"]]["changed"]
    assert [pair["changed"] for pair in data["pairs"]] == [False, False, False, True, False, False, False]


def test_another_word_moves_side_b(app: AppTest) -> None:
    app.button(key="other-horse").click().run()
    assert not app.exception and app.text_input(key="textb").value == "A brown horse with green eyes"
    own = next(each for each in app.text_input if each.key.startswith("own-"))
    own.set_value("tiger").run()
    assert not app.exception and app.text_input(key="textb").value == "A brown tiger with green eyes"


def test_sides_differ_in_photo_and_method_and_swap(app: AppTest) -> None:
    app.selectbox(key="photob-en").select("coffee").run()
    assert not app.exception and not shown(app)["differs"] and "photos differ" in shown(app)["labels"]["notes"][0]
    app.selectbox(key="picka-method-en").select("attention_gradcam").run()
    next(button for button in app.button if "Swap" in button.label).click().run()
    assert not app.exception and not app.error
    assert app.session_state["selectionb"].method == "attention_gradcam"
    assert app.session_state["selectiona"].photo == "coffee"


def test_a_link_restores_both_sides() -> None:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "compare.py"), default_timeout=120)
    query = {
        "a.photo": "camera",
        "a.text": "A man",
        "b.photo": "camera",
        "b.text": "A dog",
        "b.layer": "1",
        "pair": "1",
    }
    app.query_params.update(query)
    app.run()
    assert not app.exception and not app.error and not app.warning
    data = shown(app)
    assert [side["words"][1]["text"] for side in data["sides"]] == ["man", "dog"] and data["pinned"] == 1
    assert {name: app.query_params[name] for name in query} == query


def test_a_bad_side_gets_one_sentence_and_the_other_stays(app: AppTest) -> None:
    app.text_input(key="textb").set_value("").run()
    assert not app.exception and len(app.error) == 1 and len(app.metric) == 2
    assert app.text_input(key="textb").value == "A brown dog with green eyes"


def test_the_language_changes_the_page(app: AppTest) -> None:
    app.selectbox(key="lang").select("zh").run()
    assert not app.exception and shown(app)["labels"]["correlation"] == "秩相关"


def test_the_colours_of_the_difference_are_those_that_the_page_names(app: AppTest) -> None:
    data = shown(app)
    colours = base64.b64decode(data["diverging"])
    assert colours[0] > colours[2] and colours[-1] > colours[-3]  # red at the low end, blue at the high one
    assert data["labels"]["difference_about"] == "Blue: higher on side A. Red: higher on side B."


def with_own(sides: str, own: str) -> AppTest:
    """The page with a model of one's own on some sides, which the person has agreed to open."""
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "compare.py"), default_timeout=120)
    app.session_state["agreed-models"] = {own}
    for side in "ab":
        model = own if side in sides else first_selection().model
        app.session_state[f"selection{side}"] = replace(first_selection(), text=f"a cat {side}", model=model)
    return app.run()


def test_cosines_are_no_matches_and_differ_by_no_points(own: str) -> None:
    app = with_own("ab", own)
    assert not app.exception and not app.error
    assert [metric.label for metric in app.metric] == ["Similarity", "Similarity"]
    a, b = (float(metric.value) for metric in app.metric)  # no per cent
    assert float(app.metric[1].delta) == pytest.approx(b - a, abs=0.0011)
    assert [side["title"] for side in shown(app)["sides"]] == [
        f"{name} · {metric.value}" for name, metric in zip("AB", app.metric, strict=True)
    ]


def test_a_cosine_and_a_probability_have_no_difference(own: str) -> None:
    app = with_own("b", own)
    assert not app.exception and not app.error
    assert [metric.label for metric in app.metric] == ["Match", "Similarity"]
    assert app.metric[0].value.endswith("%") and "%" not in app.metric[1].value
    assert not app.metric[1].delta
    a, b = (side["title"] for side in shown(app)["sides"])
    assert a.endswith("%") and "%" not in b


def test_a_text_beyond_the_context_says_so_on_its_side(app: AppTest) -> None:
    assert not app.info
    app.text_input(key="textb").set_value("a cat and a dog " * 60).run()
    assert not app.exception and not app.error
    (told,) = app.info
    assert "The rest of the text was cut off" in told.value
