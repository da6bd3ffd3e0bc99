"""Errors for people: English in code and logs, the reader's language on a page."""

import ast
import errno
import os
import pickle
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from string import Formatter
from typing import cast

import pytest
import torch

from vtviz.errors import UserError
from vtviz.inputs import InputError, read_image
from vtviz.machine import device_label
from vtviz.models.registry import model_infos
from vtviz.paths import ASSETS
from vtviz.sentences import LANGUAGES, error_sentences, translated
from vtviz.ui.frame.language import say_error

PACKAGE = ASSETS.parent / "vtviz"
ELSEWHERE = {os.strerror(number) for number in errno.errorcode} | {  # not written in the package, but told to people
    *("database or disk is full", "unable to open database file", "attempt to write a readonly database"),  # SQLite
    *("CPU, 1 thread", "CPU, {threads} threads"),  # device_label puts them together
}


@cache
def trees() -> dict[str, ast.Module]:
    """The syntax trees of all modules of the package."""
    files = sorted(PACKAGE.rglob("*.py"))
    return {str(file.relative_to(PACKAGE)): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def name_of(node: ast.expr) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def error_classes(modules: Iterable[ast.Module], known: frozenset[str] = frozenset({"UserError"})) -> set[str]:
    """The names of UserError and of all classes that inherit from it, or from others that are known to."""
    classes = [node for module in modules for node in ast.walk(module) if isinstance(node, ast.ClassDef)]
    names, before = set(known), set[str]()
    while names != before:
        before = set(names)
        names |= {node.name for node in classes if names & {name_of(base) for base in node.bases}}
    return names


@cache
def own_classes() -> frozenset[str]:
    """Those of the package."""
    return frozenset(error_classes(trees().values()))


def made_errors(module: ast.Module, classes: Collection[str]) -> Iterator[ast.Call]:
    """Every call in a module that makes an error for a person."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and name_of(node.func) in classes:
            yield node


def literal(node: ast.expr | None, module: ast.Module) -> str | None:
    """The plain string that an expression is, or that the constant of the module is which it names."""
    for statement in module.body if isinstance(node, ast.Name) else ():
        if isinstance(statement, ast.Assign) and name_of(statement.targets[0]) == name_of(cast(ast.expr, node)):
            node = statement.value
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def faults(module: ast.Module, classes: Collection[str]) -> Iterator[str]:
    """What is wrong with the errors of a module: no literal, other values than placeholders, no translation."""
    for call in made_errors(module, classes):
        sentence = literal(call.args[0] if call.args else None, module)
        if sentence is None:
            yield f"line {call.lineno}: not a plain literal: {ast.unparse(call)}"
        elif fields(sentence) != {keyword.arg for keyword in call.keywords}:
            yield f"line {call.lineno}: other values than placeholders: {sentence}"
        else:
            for language in sorted(LANGUAGES.keys() - {"en"}):
                if sentence not in error_sentences(language):
                    yield f"line {call.lineno}: not in assets/lang/errors.{language}.json: {sentence}"


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def test_every_error_is_a_plain_sentence_with_its_values_and_a_translation() -> None:
    modules, classes = trees(), own_classes()
    assert classes >= {"UserError", "InputError", "ModelError", "Busy"}
    assert sum(1 for module in modules.values() for _ in made_errors(module, classes)) > 80
    assert not [f"{name}, {fault}" for name, module in modules.items() for fault in faults(module, classes)]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('raise InputError(f"The file {name} is empty.")', "not a plain literal"),
        ('raise InputError("The file " + name)', "not a plain literal"),
        ('raise inputs.InputError("The file {} is empty.".format(name))', "not a plain literal"),
        ("raise InputError(sentence)", "not a plain literal"),
        ("raise InputError()", "not a plain literal"),
        ('raise InputError("The file {name} is empty.", file=name)', "other values"),
        ('raise InputError("The file {name} is empty.", **values)', "other values"),
        ('SENTENCE = "Nobody translated this."\nraise InputError(SENTENCE)', "not in"),
        ('class Own(InputError): ...\nreturn_value = Own("Nobody translated this.")', "not in"),
    ],
)
def test_an_error_that_cannot_be_translated_is_noticed(source: str, fault: str) -> None:
    module = ast.parse(source)
    classes = error_classes([module], own_classes())
    (noticed,) = faults(module, classes)
    assert fault in noticed


def test_no_translation_is_left_of_a_sentence_that_is_gone() -> None:
    nodes = [node for module in trees().values() for node in ast.walk(module)]
    written = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    for language in LANGUAGES.keys() - {"en"}:
        assert not error_sentences(language).keys() - written - ELSEWHERE


def test_what_offered_models_say_of_themselves_is_translated() -> None:
    for info in model_infos():
        said = {info.description, info.licence, info.notice} - {"", "MIT", "Apache-2.0"}
        assert said <= error_sentences("zh").keys(), said


def test_translations_have_the_values_of_their_sentence() -> None:
    for language in LANGUAGES:
        for sentence, other in error_sentences(language).items():
            assert fields(other) == fields(sentence)


def test_an_error_is_english_in_logs_and_chinese_on_a_chinese_page(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError) as caught:
        read_image(b"%PDF-1.7")
    monkeypatch.setattr("vtviz.ui.frame.language.current_language", lambda: "zh")
    assert "convert it" in str(caught.value) and "转换格式" in say_error(caught.value)
    assert say_error(UserError("A plug-in's own {x} sentence")) == "A plug-in's own {x} sentence"


def test_an_error_survives_the_way_from_another_process() -> None:
    sent = pickle.loads(pickle.dumps(InputError("Longer than {limit}; shorten it.", limit=5)))
    assert str(sent) == "Longer than 5; shorten it." and sent.values == {"limit": 5}


def test_a_stored_sentence_is_translated_with_its_values_and_reasons() -> None:
    error = InputError("The photo {name} cannot be read: {reason}.", name="a.b: c.jpg", reason="Permission denied")
    assert translated(str(error), "zh") == "无法读取照片 a.b: c.jpg：没有权限。"
    outer = InputError("No row could be measured. First reason: {reason}", reason=str(error))
    assert translated(str(outer), "zh").endswith("无法读取照片 a.b: c.jpg：没有权限。")
    assert translated(device_label(torch.device("cpu")), "zh").startswith("CPU，")
    assert translated(str(outer), "en") == str(outer) and translated("Own words", "zh") == "Own words"


def test_every_sentence_is_found_again_once_its_values_are_in_it() -> None:
    for sentence, chinese in error_sentences("zh").items():
        values = {name: f"<{name}>" for name in fields(sentence)}
        assert translated(sentence.format(**values), "zh") == chinese.format(**values)
