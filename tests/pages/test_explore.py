"""The Explore page without a browser."""

import time

import pytest
from streamlit.testing.v1 import AppTest

from vtviz.paths import ASSETS


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120).run()


def test_app_py_opens_on_the_page() -> None:
    app = AppTest.from_file(str(ASSETS.parent / "app.py"), default_timeout=120).run()
    assert not app.exception and not app.error and app.success


def test_a_result_is_on_screen_at_once(app: AppTest) -> None:
    assert not app.exception and not app.error
    assert app.metric[0].value.endswith("%") and len(app.success) == 1
    assert len(app.get("download_button")) == 2


def test_a_text_that_does_not_describe_the_photo_says_so(app: AppTest) -> None:
    app.text_input(key="text").set_value("A man rides a bicycle down a street").run()
    assert len(app.warning) == 1 and not app.success


def test_a_sample_brings_its_text(app: AppTest) -> None:
    app.button(key="sample-coffee").click().run()
    assert not app.exception and app.text_input(key="text").value == "A cup of coffee"


def test_an_uploaded_photo_is_used_and_a_sample_replaces_it(app: AppTest, cat_bytes: bytes) -> None:
    app.get("file_uploader")[0].upload("mine.jpg", cat_bytes, "image/jpeg").run()
    assert not app.exception and not app.error and app.success
    app.button(key="sample-coffee").click().run()
    assert app.text_input(key="text").value == "A cup of coffee" and not app.exception


@pytest.mark.parametrize("data", [b"", b"not an image", None])
def test_a_bad_file_gets_one_sentence_and_keeps_the_text(app: AppTest, cat_bytes: bytes, data: bytes | None) -> None:
    app.text_input(key="text").set_value("a cat")
    app.get("file_uploader")[0].upload("bad.jpg", cat_bytes[:2000] if data is None else data, "image/jpeg").run()
    assert not app.exception and len(app.error) == 1
    assert app.text_input(key="text").value == "a cat"


def test_an_empty_text_gets_one_sentence(app: AppTest) -> None:
    app.text_input(key="text").set_value("").run()
    assert not app.exception and "no words" in app.error[0].value


def test_method_block_and_head_can_be_picked(app: AppTest) -> None:
    app.selectbox(key="pick-method-en").select("attention_gradcam").run()
    app.selectbox(key="pick-layer-en").select(1).run()
    app.selectbox(key="pick-head-en").select(3).run()
    assert not app.exception and app.session_state["picks"] == {"method": "attention_gradcam", "layer": 1, "head": 3}


def test_a_slow_method_runs_when_asked_to_and_shows_its_map(app: AppTest) -> None:
    app.session_state["picks"] = {"method": "occlusion", "window": 10}
    app.run()
    button = next(each for each in app.button if "Occlusion" in each.label)
    assert any("about 10 times" in each.value for each in app.markdown) and not app.exception
    button.click().run()
    end = time.monotonic() + 90
    while any("Occlusion" in each.label or each.label == "Cancel" for each in app.button):
        assert time.monotonic() < end, "waited too long"
        app.run()
    assert not app.exception and any("one map for the whole text" in each.value for each in app.caption)


def test_the_language_changes_the_page(app: AppTest) -> None:
    app.selectbox(key="lang").select("zh").run()
    assert not app.exception and app.metric[0].label == "匹配度"


def test_a_word_that_the_model_does_not_know_is_never_shown_as_confident(app: AppTest) -> None:
    app.text_input(key="text").set_value("A cat with a theodolite").run()
    assert not app.exception and not app.success and "theodolite" in app.warning[0].value
