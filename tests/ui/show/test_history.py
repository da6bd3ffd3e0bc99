"""The history of a session, on the Explore page."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from vtviz.paths import ASSETS
from vtviz.sentences import catalogue
from vtviz.ui.ask.selection import Selection, first_selection
from vtviz.ui.frame.scores import Score
from vtviz.ui.show.history import KEPT, Past


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120).run()


def test_the_history_brings_back_and_forgets(app: AppTest) -> None:
    app.button(key="sample-coffee").click().run()
    app.text_input(key="text").set_value("A cup").run()
    past = app.session_state["history"]
    assert [each.selection.text for each in past] == ["A cup", "A cup of coffee", "A brown cat with green eyes"]
    app.session_state["history-open"] = True
    app.run()
    app.button(key="again-2").click().run()
    assert not app.exception and app.text_input(key="text").value == "A brown cat with green eyes"
    assert app.session_state["selection"].photo == "chelsea" and len(app.session_state["history"]) == 3


def test_the_history_is_bounded_and_holds_no_pictures(app: AppTest) -> None:
    past = Past(first_selection(), Score(0.5))
    app.session_state["history"] = [replace(past, selection=replace(past.selection, text=f"{i}")) for i in range(KEPT)]
    app.text_input(key="text").set_value("a cat").run()
    assert len(app.session_state["history"]) == KEPT
    assert all(isinstance(each.selection, Selection) for each in app.session_state["history"])


def test_the_history_shows_a_cosine_as_such_and_names_the_target() -> None:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120)
    asked = replace(first_selection(), text="a cup", target="answer:yes")
    app.session_state["history"] = [Past(asked, Score(0.2468, "similarity", calibrated=False))]
    app.session_state["history-open"] = True
    app.run()
    target = f"{catalogue('en')['pick.target_answer']} yes"
    (label,) = (each.label.replace("\\", "") for each in app.button if each.label.startswith("a cup"))
    assert "0.247" in label and "%" not in label and label.rstrip("]").endswith(target)
