"""The talk of the page Describe and ask, with a tiny decoder."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.models.hugging_face.conftest import MADE
from vtviz.paths import ASSETS


@pytest.fixture(scope="module")
def talker(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = MADE["smolvlm"](tmp_path_factory.mktemp("smolvlm"))
    return f"hf:{folder}"


@pytest.fixture
def app() -> AppTest:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "describe.py"), default_timeout=60)
    app.query_params["task"] = "talk"
    return app.run()


def test_a_model_replies_and_remembers(app: AppTest, talker: str) -> None:
    assert not app.exception and "Enter the name" in app.info[0].value
    app.text_input(key="talker").set_value(talker).run()
    assert not app.exception and not app.error
    assert "Nothing said yet" in app.caption[0].value
    app.chat_input[0].set_value("what is on the left?").run()
    assert not app.exception and not app.error
    assert [message.name for message in app.chat_message] == ["user", "assistant"]
    app.chat_input[0].set_value("and *right*?").run()
    assert not app.exception and not app.error
    assert len(app.chat_message) == 4 and app.chat_message[2].markdown[0].value == r"and \*right\*\?"
    shown = [caption.value for message in app.chat_message for caption in message.caption]
    assert sum("heatmaps are shown" in caption for caption in shown) == 1
    app.button(key="reply-0").click().run()
    assert not app.exception and app.button(key="reply-1")
    app.toggle(key="clean-reply").set_value(True).run()
    assert not app.exception and not app.error
    next(button for button in app.button if button.label == "Start over").click().run()
    assert not app.exception and not app.chat_message


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("vtviz-base", "does not reply to prompts"), ("hf:/nowhere", "There is no folder"), ("coca", "no model")],
)
def test_a_model_that_cannot_talk_is_told(app: AppTest, name: str, sentence: str) -> None:
    app.text_input(key="talker").set_value(name).run()
    if not app.error:
        app.chat_input[0].set_value("hello").run()
    assert not app.exception and sentence in app.error[0].value.replace("\\", "")
