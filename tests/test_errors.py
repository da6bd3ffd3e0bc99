"""Errors for people: English in code and logs, the reader's language on a page."""

import ast
import pickle
from collections.abc import Iterator
from string import Formatter

import pytest
import torch

from vtviz.errors import UserError
from vtviz.inputs import InputError, read_image
from vtviz.machine import device_label
from vtviz.models.registry import DEFAULT_MODEL, model_infos
from vtviz.paths import ASSETS
from vtviz.sentences import LANGUAGES, error_sentences, translated
from vtviz.ui.frame.language import say_error

ERRORS = ("InputError", "ModelError", "Busy")
WITHOUT_PAGES = ("cli", "training")  # only the command line reaches these


def raised() -> Iterator[tuple[str, ast.Call]]:
    """Every place in the package where an error for a person is made."""
    for file in (ASSETS.parent / "vtviz").rglob("*.py"):
        if file.parent.name not in WITHOUT_PAGES:
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
                    yield f"{file.name}:{node.lineno}", node


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def test_every_error_is_a_plain_sentence_with_its_values_and_a_translation() -> None:
    places = list(raised())
    assert len(places) > 15
    for place, call in places:
        assert call.args and isinstance(call.args[0], ast.Constant | ast.Name), f"{place}: not a plain literal"
        if isinstance(call.args[0], ast.Name):
            continue  # a reason that a method gave
        sentence = call.args[0].value
        assert fields(sentence) == {each.arg for each in call.keywords}, place
        for language in LANGUAGES.keys() - {"en"}:
            assert sentence in error_sentences(language), f"{place}: nothing in assets/lang/errors.{language}.json"


def test_what_offered_models_say_of_themselves_is_translated() -> None:
    for info in model_infos():
        said = {info.description, info.licence, info.notice} - {"", "MIT", "Apache-2.0"}
        if info.name != DEFAULT_MODEL:  # it is here: its description is shown by the command line only
            assert said <= error_sentences("zh").keys(), said


def test_translations_have_the_values_of_their_sentence() -> None:
    for language in LANGUAGES:
        for sentence, other in error_sentences(language).items():
            assert fields(other) == fields(sentence)


def test_an_error_is_english_in_logs_and_chinese_on_a_chinese_page(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError) as caught:
        read_image(b"GIF89a")
    monkeypatch.setattr("vtviz.ui.frame.language.current_language", lambda: "zh")
    assert "convert it" in str(caught.value) and "转换格式" in say_error(caught.value)
    assert say_error(UserError("A plug-in's own {x} sentence")) == "A plug-in's own {x} sentence"


def test_an_error_survives_the_way_from_another_process() -> None:
    sent = pickle.loads(pickle.dumps(InputError("Longer than {limit}; shorten it.", limit=5)))
    assert str(sent) == "Longer than 5; shorten it." and sent.values == {"limit": 5}


def test_a_stored_sentence_is_translated_with_its_values_and_reasons() -> None:
    error = InputError("The photo {name} cannot be read: {reason}.", name="a.b: c.jpg", reason="Permission denied")
    assert translated(str(error), "zh") == "无法读取照片 a.b: c.jpg：没有权限。"
    outer = InputError("No row could be measured. First error: {reason}", reason=str(error))
    assert translated(str(outer), "zh").endswith("无法读取照片 a.b: c.jpg：没有权限。")
    assert translated(device_label(torch.device("cpu")), "zh").startswith("CPU，")
    assert translated(str(outer), "en") == str(outer) and translated("Own words", "zh") == "Own words"


def test_every_sentence_is_found_again_once_its_values_are_in_it() -> None:
    for sentence, chinese in error_sentences("zh").items():
        values = {name: f"<{name}>" for name in fields(sentence)}
        assert translated(sentence.format(**values), "zh") == chinese.format(**values)
