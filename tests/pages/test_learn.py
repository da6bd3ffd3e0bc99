"""The Learn page without a browser: what the server sends and keeps."""

from streamlit.testing.v1 import AppTest

from vtviz.paths import ROOT
from vtviz.sentences import catalogue


def page(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / "learn.py"), default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def test_the_course_comes_first_and_the_address_says_so() -> None:
    app = page()
    assert not app.exception and not app.error
    assert catalogue("en")["learn.lesson1"] in app.subheader[0].value
    assert app.query_params["part"] == "course" and app.query_params["lesson"] == "1"


def test_a_link_opens_its_lesson_or_part() -> None:
    assert catalogue("en")["learn.lesson6"] in page(lesson="6").subheader[0].value
    assert catalogue("en")["learn.lesson1"] in page(lesson="99").subheader[0].value
    bench = page(part="bench", preset="mask", step="weights")
    assert not bench.exception and not bench.subheader
    assert bench.query_params["preset"] == "mask" and bench.query_params["step"] == "weights"


def test_another_photo_brings_its_own_sentence_and_a_bad_text_says_what_is_wrong() -> None:
    app = page(part="inside")
    assert not app.exception and app.text_input[0].value == "A brown cat with green eyes"
    (photo,) = [box for box in app.selectbox if box.label == "Photo"]
    photo.select_index(1).run()
    assert not app.exception and app.text_input[0].value == "A dog in the grass"
    app.text_input[0].set_value("…").run()
    assert not app.exception and "no words" in app.error[0].value.replace("\\", "")


def test_the_network_of_the_example_is_drawn() -> None:
    app = page(part="network", lang="zh")
    assert not app.exception and not app.error
    assert app.session_state["learn-model"] == "vtviz-base"
