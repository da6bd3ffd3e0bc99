"""Choices in several languages, on a page without a browser."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from vtviz.ui.ask.choice import choice, kept_choice
    from vtviz.ui.frame.language import current_language

    fruits = st.session_state.get("fruits", ["apple", "pear", "plum"])
    kept_choice("Fruit", fruits, "fruit", "apple", format_func=lambda name: f"{current_language()} {name}")
    kept_choice("Basket", fruits, "basket", ["apple"], st.multiselect)
    picked = st.session_state.setdefault("picked", [])
    choice("Colour", ["red", "blue"], "colour", "red", picked.append)


def test_a_choice_outlives_a_change_of_language() -> None:
    app = AppTest.from_function(page).run()
    app.selectbox(key="fruit-en").select("pear").run()
    app.multiselect(key="basket-en").set_value(["plum", "apple"]).run()
    app.session_state["lang"] = "zh"
    app.run()
    assert not app.exception
    assert app.selectbox(key="fruit-zh").value == "pear" and app.session_state["fruit"] == "pear"
    assert app.selectbox(key="fruit-zh").options == ["zh apple", "zh pear", "zh plum"]
    assert app.multiselect(key="basket-zh").value == ["plum", "apple"]


def test_what_is_no_longer_offered_gives_way_to_the_default() -> None:
    app = AppTest.from_function(page).run()
    app.selectbox(key="fruit-en").select("plum").run()
    app.multiselect(key="basket-en").set_value(["plum", "pear"]).run()
    app.session_state["fruits"] = ["apple", "pear"]
    app.run()
    assert not app.exception
    assert app.selectbox(key="fruit-en").value == "apple" and app.multiselect(key="basket-en").value == ["apple"]


def test_who_keeps_the_value_decides_what_is_shown() -> None:
    app = AppTest.from_function(page).run()
    app.selectbox(key="colour-en").select("blue").run()
    assert app.session_state["picked"] == ["blue"]
    assert app.selectbox(key="colour-en").value == "red"  # the page still says so
