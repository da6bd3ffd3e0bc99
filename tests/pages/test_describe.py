"""The page of captions and answers without a browser."""

import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.models.hugging_face.conftest import MADE
from vtviz.files import DATA
from vtviz.paths import ASSETS
from vtviz.sentences import catalogue
from vtviz.ui.ask.selection import first_selection
from vtviz.ui.frame.resources import question_jobs, samples


@pytest.fixture
def app() -> AppTest:
    """The captions of the first sample."""
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "describe.py"), default_timeout=120)
    app.session_state["task"] = "caption"
    return app.run()


@pytest.mark.parametrize("name", samples())
def test_every_sample_gets_an_answer_without_a_warning(name: str) -> None:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "describe.py"), default_timeout=120)
    app.session_state["selection"] = replace(first_selection(), photo=name)
    app.session_state["question"] = samples()[name].questions[0]
    app.run()
    assert not app.exception and not app.error and not app.warning
    assert app.metric[0].value != "Can't tell" and not any(text.value.startswith(":orange") for text in app.markdown)


def test_captions_are_on_screen_at_once(app: AppTest) -> None:
    assert not app.exception and not app.error
    assert len(app.radio[0].options) == 3


def test_a_caption_that_its_own_match_head_doubts_says_so(app: AppTest) -> None:
    for place in range(3):
        option = app.radio[0].options[place]
        app.radio[0].set_value(place).run()
        doubted = any("probably wrong" in text.value for text in app.markdown)
        assert doubted == (int(option.split(" · ")[1].strip("<>%")) < 50)


def test_a_question_gets_an_answer(app: AppTest) -> None:
    app.segmented_control[0].set_value("answer").run()
    assert not app.exception and not app.error
    first, offered = app.metric[0].value, app.button(key="question-1").label
    app.button(key="question-1").click().run()
    assert not app.exception and not app.error
    assert app.text_input(key="question").value == app.query_params["question"] == offered
    assert first and app.metric[0].value != first


def test_an_unknown_word_makes_it_unable_to_tell(app: AppTest) -> None:
    app.segmented_control[0].set_value("answer").run()
    app.text_input(key="question").set_value("Is there a theodolite?").run()
    assert app.metric[0].value == "Can't tell" and any("theodolite" in text.value for text in app.markdown)


def test_a_question_beyond_the_context_says_so(app: AppTest) -> None:
    app.segmented_control[0].set_value("answer").run()
    cut = catalogue("en")["answer.truncated"].rpartition("}")[2]
    assert not any(cut in info.value for info in app.info)
    app.text_input(key="question").set_value("Is there a cat or a dog " * 60 + "?").run()
    assert not app.exception and any(cut in info.value for info in app.info)


def test_an_empty_question_gets_one_sentence(app: AppTest) -> None:
    app.segmented_control[0].set_value("answer").run()
    app.text_input(key="question").set_value("").run()
    assert not app.exception and "no words" in app.error[0].value


def test_a_sample_brings_its_question(app: AppTest) -> None:
    app.segmented_control[0].set_value("answer").run()
    app.button(key="sample-coffee").click().run()
    assert not app.exception and app.text_input(key="question").value == "Is there coffee?"


def test_the_language_changes_the_page(app: AppTest) -> None:
    app.selectbox(key="lang").select("zh").run()
    assert not app.exception and "描述" in app.radio[0].label


@pytest.mark.parametrize("typed", ["open_clip:none@/tmp/coca.safetensors", "coca", ""])
def test_a_model_that_is_none_is_not_offered(typed: str) -> None:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "describe.py"), default_timeout=120)
    app.session_state["task"], app.session_state["selection"] = "caption", replace(first_selection(), model=typed)
    app.run()
    assert not app.exception and not app.error
    first, *others = app.selectbox(key="writer-en").options
    assert first == "vtviz base" and len(others) == 1 and "CoCa ViT-B/32" in others[0]


def test_a_question_is_kept_and_followed_up(app: AppTest) -> None:
    app.segmented_control[0].set_value("answer").run()
    app.text_input(key="question").set_value("Is there a cat?").run()
    following = [button for button in app.button if str(button.key).startswith("follow-")]
    assert following[0].label.replace("\\", "") == "What is the cat doing?"
    following[1].click().run()
    assert not app.exception and app.text_input(key="question").value == "What colour is the cat?"
    app.text_input(key="question").set_value("Where is it?").run()
    assert any("Read as: “Where is the cat?”" in text.value.replace("\\", "") for text in app.markdown)
    earlier = [button.label.replace("\\", "") for button in app.button if str(button.key).startswith("asked-")]
    assert [label.split(" → ")[0] for label in earlier[:2]] == ["What colour is the cat?", "Is there a cat?"]
    app.button(key="asked-1").click().run()
    assert app.text_input(key="question").value == "Is there a cat?"


def test_all_photos_of_a_folder_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA, str(tmp_path / "data"))
    st.cache_resource.clear()
    (tmp_path / "photos").mkdir()
    for name in ("dog", "coffee"):
        shutil.copy(ASSETS / "samples" / f"{name}.jpg", tmp_path / "photos")
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "describe.py"), default_timeout=120)
    app.query_params["task"] = "folder"
    app.run()
    assert not app.exception and "No questions to whole folders yet" in app.info[0].value
    app.text_input(key="questions-question").set_value("Is there a dog?").run()
    app.segmented_control[1].set_value("path").run()
    next(field for field in app.text_input if field.label.startswith("Path")).set_value(str(tmp_path / "photos")).run()
    next(button for button in app.button if button.label == "Ask").click().run()
    assert not app.exception and not app.error
    jobs = question_jobs()
    (entry,) = jobs.history.all()
    while jobs.progress(entry.id) is not None or jobs.history.all()[0].state != "done":
        time.sleep(0.05)
    app.run()
    table = app.dataframe[0].value
    assert list(table["Photo"]) == ["coffee.jpg", "dog.jpg"] and table["Answer"][1] == "yes"
    assert len(app.get("download_button")) == 2


@pytest.fixture(scope="module")
def talker(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a tiny decoder."""
    folder: Path = MADE["smolvlm"](tmp_path_factory.mktemp("smolvlm"))
    return f"hf:{folder}"


@pytest.fixture
def talk() -> AppTest:
    """A talk that has not begun."""
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "describe.py"), default_timeout=60)
    app.query_params["task"] = "talk"
    return app.run()


def test_a_model_replies_and_remembers(talk: AppTest, talker: str) -> None:
    assert not talk.exception and "Enter the name" in talk.info[0].value
    talk.text_input(key="talker").set_value(talker).run()
    assert not talk.exception and not talk.error
    assert "Nothing said yet" in talk.caption[0].value
    talk.chat_input[0].set_value("what is on the left?").run()
    assert not talk.exception and not talk.error
    assert [message.name for message in talk.chat_message] == ["user", "assistant"]
    talk.chat_input[0].set_value("and *right*?").run()
    assert not talk.exception and not talk.error
    assert len(talk.chat_message) == 4 and talk.chat_message[2].markdown[0].value == r"and \*right\*\?"
    shown = [caption.value for message in talk.chat_message for caption in message.caption]
    assert sum("heatmaps are shown" in caption for caption in shown) == 1
    talk.button(key="reply-0").click().run()
    assert not talk.exception and talk.button(key="reply-1")
    talk.toggle(key="clean-reply").set_value(True).run()
    assert not talk.exception and not talk.error
    next(button for button in talk.button if button.label == "Start over").click().run()
    assert not talk.exception and not talk.chat_message


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("vtviz-base", "does not reply to prompts"), ("hf:/nowhere", "There is no folder"), ("coca", "no model")],
)
def test_a_model_that_cannot_talk_is_told(talk: AppTest, name: str, sentence: str) -> None:
    talk.text_input(key="talker").set_value(name).run()
    if not talk.error:
        talk.chat_input[0].set_value("hello").run()
    assert not talk.exception and sentence in talk.error[0].value.replace("\\", "")
