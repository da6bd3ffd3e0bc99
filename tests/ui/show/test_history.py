"""The history of a session, on the Explore page."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from vtviz.paths import ASSETS
from vtviz.sentences import catalogue
from vtviz.ui.ask.selection import Selection, first_selection
from vtviz.ui.frame.scores import Score
from vtviz.ui.show import history
from vtviz.ui.show.history import KEPT, Past


@pytest.fixture
def past(monkeypatch: pytest.MonkeyPatch) -> list[Past]:
    """What the visitor of a test was shown."""
    kept: list[Past] = []
    monkeypatch.setattr(history, "_kept", lambda: kept)
    return kept


@pytest.fixture
def app(past: list[Past]) -> AppTest:
    return AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120).run()


def test_the_history_brings_back_and_forgets(app: AppTest, past: list[Past]) -> None:
    app.button(key="sample-coffee").click().run()
    app.text_input(key="text").set_value("A cup").run()
    assert [each.selection.text for each in past] == ["A cup", "A cup of coffee", "A brown cat with green eyes"]
    app.session_state["history-open"] = True
    app.run()
    app.button(key="again-2").click().run()
    assert not app.exception and app.text_input(key="text").value == "A brown cat with green eyes"
    assert app.session_state["selection"].photo == "chelsea" and len(past) == 3


def test_the_history_is_bounded_and_holds_no_pictures(app: AppTest, past: list[Past]) -> None:
    past[:] = [Past(replace(first_selection(), text=f"{i}"), Score(0.5)) for i in range(KEPT)]
    app.text_input(key="text").set_value("a cat").run()
    assert len(past) == KEPT and past[0].selection.text == "a cat"
    assert all(isinstance(shown.selection, Selection) for shown in past)


def test_the_history_shows_a_cosine_as_such_and_names_the_target(past: list[Past]) -> None:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120)
    asked = replace(first_selection(), text="a cup", target="answer:yes")
    past[:] = [Past(asked, Score(0.2468, "similarity", calibrated=False))]
    app.session_state["history-open"] = True
    app.run()
    target = f"{catalogue('en')['pick.target_answer']} yes"
    (label,) = (each.label.replace("\\", "") for each in app.button if each.label.startswith("a cup"))
    assert "0.247" in label and "%" not in label and label.rstrip("]").endswith(target)
