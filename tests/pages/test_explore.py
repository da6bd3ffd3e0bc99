"""The Explore page without a browser."""

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from tests.serve.running import running
from vtviz.attribution.options import Options
from vtviz.engine.local import LocalEngine
from vtviz.engine.remote.client import RemoteEngine
from vtviz.engine.requests.captions_and_answers import WriteCaptions
from vtviz.inputs import InputError
from vtviz.models.vtviz_base import family
from vtviz.paths import ASSETS
from vtviz.sentences import catalogue
from vtviz.ui.ask.selection import first_selection
from vtviz.ui.frame import resources
from vtviz.ui.frame.resources import samples


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120).run()


def verdict_of(app: AppTest) -> str:
    """The line beside the score."""
    lines = [text.value for text in app.markdown if re.match(r":(green|orange|gray)\[", text.value)]
    assert len(lines) == 1
    return lines[0]


SURE = {"chelsea", "dog", "horses", "duck", "chickens", "sheep", "coffee", "camera"}  # of the others it is not sure


def is_sure(app: AppTest) -> bool:
    return verdict_of(app).startswith(":green[")


def test_app_py_opens_on_the_page() -> None:
    app = AppTest.from_file(str(ASSETS.parent / "app.py"), default_timeout=120).run()
    assert not app.exception and not app.error and is_sure(app)


def test_a_result_is_on_screen_at_once(app: AppTest) -> None:
    assert not app.exception and not app.error
    assert app.metric[0].value.endswith("%") and is_sure(app)
    assert len(app.get("download_button")) == 3


def test_a_text_that_does_not_describe_the_photo_says_so(app: AppTest) -> None:
    app.text_input(key="text").set_value("A man rides a bicycle down a street").run()
    assert not app.warning and not is_sure(app) and "does not describe" in verdict_of(app)


@pytest.mark.parametrize("name", samples())
def test_every_sample_is_judged_as_it_should_be_without_a_warning(name: str) -> None:
    app = opened(photo=name)
    assert not app.exception and not app.error and not app.warning
    assert is_sure(app) is (name in SURE)


def test_a_sample_brings_its_text(app: AppTest) -> None:
    app.button(key="sample-coffee").click().run()
    assert not app.exception and app.text_input(key="text").value == "A cup of coffee"


def test_an_uploaded_photo_is_used_and_a_sample_replaces_it(app: AppTest, cat_bytes: bytes) -> None:
    app.get("file_uploader")[0].upload("mine.jpg", cat_bytes, "image/jpeg").run()
    assert not app.exception and not app.error and not app.metric  # nothing is judged before a person wrote
    assert app.text_input(key="text").value == "" and app.session_state["selection"].photo not in samples()
    app.text_input(key="text").set_value("a cat").run()
    assert not app.exception and not app.error and is_sure(app)
    app.button(key="sample-coffee").click().run()
    assert app.text_input(key="text").value == "A cup of coffee" and not app.exception


@pytest.mark.parametrize("data", [b"", b"not an image", None])
def test_a_bad_file_gets_one_sentence_and_keeps_the_text(app: AppTest, cat_bytes: bytes, data: bytes | None) -> None:
    app.text_input(key="text").set_value("a cat")
    app.get("file_uploader")[0].upload("bad.jpg", cat_bytes[:2000] if data is None else data, "image/jpeg").run()
    assert not app.exception and len(app.error) == 1 and "bad.jpg" in app.error[0].value.replace("\\", "")
    assert app.text_input(key="text").value == "a cat" and is_sure(app)  # the last result stays


def test_a_new_photo_goes_on_without_captions_and_leaves_a_way_to_another_model(
    app: AppTest, cat_bytes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = LocalEngine.ask

    def silent(engine: LocalEngine, request: object, *more: object) -> object:
        if isinstance(request, WriteCaptions):
            raise InputError("The model could not write a caption for this photo; try another photo.")
        return ask(engine, request, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(LocalEngine, "ask", silent)
    app.get("file_uploader")[0].upload("mine.jpg", cat_bytes + b"without captions", "image/jpeg").run()
    app.run()
    assert not app.exception and not app.error and app.text_input(key="text").value == ""
    app.selectbox(key="pick-model-en").select("own").run()
    assert not app.exception and any("Enter a model name" in told.value for told in app.info)
    app.selectbox(key="pick-model-en").select("vtviz-base").run()
    assert not app.exception and not app.error and not app.info


def test_an_empty_text_gets_one_sentence(app: AppTest) -> None:
    app.text_input(key="text").set_value("").run()
    assert not app.exception and "no words" in app.error[0].value
    assert app.text_input(key="text").value == "A brown cat with green eyes" and is_sure(app)


def test_method_layer_and_head_can_be_picked(app: AppTest) -> None:
    app.selectbox(key="pick-method-en").select("attention_gradcam").run()
    app.selectbox(key="pick-layer-en").select(1).run()
    app.selectbox(key="pick-head-en").select(3).run()
    assert not app.exception and not app.error
    chosen = app.session_state["selection"]
    assert (chosen.method, chosen.options) == ("attention_gradcam", Options(layer=1, head=3))
    assert app.query_params["layer"] == "1" and app.query_params["method"] == "attention_gradcam"


def test_earlier_words_of_a_caption_are_subtracted_when_asked_to(app: AppTest) -> None:
    chosen = replace(first_selection(), method="raw_attention", target="caption:-1")
    app.session_state["selection"] = chosen
    app.run()
    app.checkbox(key="pick-subtract").check().run()
    assert not app.exception and not app.error
    assert app.session_state["selection"].options == Options(subtract=1)
    app.checkbox(key="pick-subtract").uncheck().run()
    assert app.session_state["selection"].options == Options() and not app.exception


def test_a_slow_method_runs_when_asked_to_and_shows_its_map(app: AppTest) -> None:
    app.session_state["selection"] = replace(first_selection(), method="occlusion", options=Options(window=10))
    app.run()
    button = next(each for each in app.button if "Occlusion" in each.label)
    cost = catalogue("en")["method.slow"].partition("{time}")[0].format(method="Occlusion", passes=10)
    assert any(cost in text.value for text in app.markdown) and not app.exception
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
    assert not app.exception and "theodolite" in verdict_of(app)
    assert "as far as the model knows its words" in verdict_of(app) or not is_sure(app)


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(str(ASSETS.parent / "app.py"), default_timeout=120)
    app.query_params.update(query)
    return app.run()


def test_a_link_brings_back_what_was_shown() -> None:
    app = opened(photo="coffee", text="A red plate", method="attention_gradcam", layer="1", head="3", lang="zh")
    assert not app.exception and not app.error and not app.warning
    assert app.text_input(key="text").value == "A red plate" and app.selectbox(key="lang").value == "zh"
    assert app.selectbox(key="pick-layer-zh").value == 1 and app.selectbox(key="pick-head-zh").value == 3


def test_a_broken_link_gives_defaults_and_one_notice() -> None:
    app = opened(photo="../x", text="", layer="99", head="two", method="<b>", lang="xx")
    assert not app.exception and not app.error
    (notice, options) = (each.value for each in app.warning)
    assert "photo, text, method, head, lang" in notice.replace("\\", "") and "layer, head" in options
    assert app.text_input(key="text").value == "A brown cat with green eyes"
    app.run()
    assert not app.warning


def test_a_link_with_bad_numbers_for_a_slow_method_gives_defaults_and_one_notice() -> None:
    app = opened(method="rise", samples="1", window="0")
    assert not app.exception and not app.error and is_sure(app)
    assert "option samples" in app.warning[0].value and app.number_input(key="pick-samples-rise-en").value == 500
    assert any(each.label.startswith("Run") for each in app.button)


def test_a_link_to_an_uploaded_photo_asks_for_it_and_knows_another(cat_bytes: bytes) -> None:
    mine = cat_bytes + b"another file"  # all tests are one session to the store of uploads
    sha256 = hashlib.sha256(mine).hexdigest()
    app = opened(photo=sha256, text="a cat")
    assert not app.exception and not app.error and sha256[:12] in app.info[0].value
    app.get("file_uploader")[0].upload("other.jpg", (ASSETS / "samples" / "coffee.jpg").read_bytes()).run()
    assert "other.jpg" in app.warning[0].value.replace("\\", "") and not app.info
    app.get("file_uploader")[0].upload("mine.jpg", mine, "image/jpeg").run()
    app.text_input(key="text").set_value("a cat").run()
    assert not app.exception and not app.warning and is_sure(app)
    assert app.query_params["photo"] == sha256


def test_the_photo_that_a_link_waits_for_keeps_its_text(cat_bytes: bytes) -> None:
    mine = cat_bytes + b"one more file"
    app = opened(photo=hashlib.sha256(mine).hexdigest(), text="a cat")
    app.get("file_uploader")[0].upload("mine.jpg", mine, "image/jpeg").run()
    assert not app.exception and app.text_input(key="text").value == "a cat" and is_sure(app)


def test_charts_are_drawn_where_somebody_looks(app: AppTest) -> None:
    assert len(app.get("plotly_chart")) == 0
    app.session_state["heads-open"] = app.session_state["metrics-open"] = True
    app.run()
    assert not app.exception and len(app.get("plotly_chart")) == 2
    assert any("Similarity of the heads" in each.value for each in app.caption)
    app.button(key="measure-heads").click().run()
    assert not app.exception and not app.error and len(app.get("plotly_chart")) == 3
    app.run()
    assert len(app.get("plotly_chart")) == 3  # kept


def test_an_error_in_vtviz_itself_is_one_sentence(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("secret")

    monkeypatch.setattr("vtviz.engine.local.LocalEngine.ask", broken)
    app.text_input(key="text").set_value("a cat indeed").run()
    assert not app.exception and "inside vtviz" in app.error[0].value and "secret" not in app.error[0].value


def test_errors_speak_chinese() -> None:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120)
    app.session_state["lang"], app.session_state["selection"] = "zh", replace(first_selection(), model="nobody")
    app.run()
    assert not app.exception and "没有名为" in app.error[0].value
    app.selectbox(key="pick-model-zh").select("vtviz-base").run()  # a way out stands beside it
    assert not app.exception and not app.error and is_sure(app)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The engine of the pages is behind HTTP; its address."""
    engine = LocalEngine("cpu")
    with running(engine) as address:
        monkeypatch.setenv("VTVIZ_ENGINE", address)
        resources.shared_engine.clear()
        yield address
        resources.shared_engine.clear()
    engine.close()


def test_an_engine_elsewhere_drives_the_page(elsewhere: str) -> None:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120)
    app.run()
    assert not app.exception and not app.error and is_sure(app)
    app.selectbox(key="pick-target-en").set_value("answer").run()
    assert not app.exception and not app.error
    index = next(index for index, button in enumerate(app.button) if button.label == "Measure")
    app.button[index].click().run()
    assert not app.exception and not app.error
    app.selectbox(key="pick-method-en").set_value("occlusion").run()
    run = next(index for index, button in enumerate(app.button) if button.label.startswith("Run "))
    app.button[run].click().run()
    kinds = {entry.request for entry in RemoteEngine(elsewhere).status().runs}
    assert not app.exception and {"Explain", "AnswerQuestion", "MeasureFaithfulness"} <= kinds


def test_similar_sentences_are_ranked_on_request_and_one_opens_in_compare(app: AppTest) -> None:
    assert not any(button.key == "similar-0" for button in app.button)
    app.session_state["similar"] = True
    app.run()
    assert not app.exception and any("differ in one word" in text.value for text in app.markdown)
    ranked = app.button(key="similar-0")
    ranked.click().run()
    a, b = (app.session_state[f"selection{side}"].text for side in ("a", "b"))
    assert a == samples()["chelsea"].texts[0] and ranked.label.replace("\\", "").startswith(b) and a != b


def test_a_model_that_reads_chinese_is_offered_chinese_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = samples()["chelsea"]
    for languages, texts in ((("en",), sample.texts), (("en", "zh"), sample.texts_zh)):
        monkeypatch.setattr(family, "_languages", lambda languages=languages: languages)
        app = AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120)
        app.session_state["lang"] = "zh"
        app.run()
        assert not app.exception and [app.button(key=f"text-{place}").label for place in range(3)] == list(texts)
        assert app.text_input(key="text").value == texts[0]


def packed(app: AppTest) -> bytes:
    """What the lens got."""
    (data,) = (each.proto.bytes for each in app.get("bidi_component") if b'"views"' in each.proto.bytes)
    return data


def test_why_one_text_rather_than_another() -> None:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120)
    app.query_params.update({"photo": "chelsea", "text": "A brown cat", "against": "A brown dog"})
    app.run()
    assert not app.exception and not app.error and not app.warning
    assert b'"methods":["Why this text rather than the other"]' in packed(app)
    assert app.query_params["against"] == "A brown dog" and app.text_input(key="contrast-text").value == "A brown dog"
    app.button(key="contrast-leave").click().run()
    assert not app.exception and "against" not in app.query_params
    assert b'"methods":["Why this text' not in packed(app)
