"""Every picture of the pages says in words what it shows, or that it only decorates."""

import ast
from collections.abc import Iterator
from pathlib import Path

UI = Path(__file__).resolve().parents[3] / "vtviz" / "ui"


def pictures_without_words(source: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "image":
            owner = ast.unparse(node.func.value)
            drawn = owner == "st" or owner in ("column", "picture", "area")
            if drawn and "alt" not in {keyword.arg for keyword in node.keywords}:
                yield node.lineno


def test_every_picture_has_words_for_those_who_do_not_see_it() -> None:
    found = [f"{path.name}:{line}" for path in UI.rglob("*.py") for line in pictures_without_words(path.read_text())]
    assert not found


def test_a_picture_without_words_is_found() -> None:
    assert list(
        pictures_without_words("import streamlit as st\nst.image(photo, width=3)\nst.image(photo, alt='')")
    ) == [2]
