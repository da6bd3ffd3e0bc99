"""What an explanation is asked of, as a few values that mean the same in every language: they make up a session's
state, its history, and links."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, get_args

import streamlit as st

from vtviz.attribution.options import Options
from vtviz.attribution.registry import methods
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import MAX_CHARACTERS, ImageInput, InputError, check_text
from vtviz.models.base import ModelError, Target, TargetKind
from vtviz.models.registry import DEFAULT_MODEL, model_info
from vtviz.ui.frame.resources import samples

OPTIONS = tuple(each.name for each in fields(Options))
MATCH = "match"
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Selection:
    """A photo (a sample's name, or the SHA-256 of an uploaded file), a text, and how it is explained.

    ``target`` is as a person writes it (``match``, ``caption:3``). The rest is the model's or the method's default
    where None.
    """

    photo: str
    text: str
    model: str = DEFAULT_MODEL
    method: str | None = None
    layer: int | None = None
    head: int | None = None
    target: str = MATCH
    samples: int | None = None
    seed: int | None = None
    window: int | None = None

    @property
    def is_sample(self) -> bool:
        return self.photo in samples()

    def request(self, image: ImageInput, target: Target, device: str | None = None) -> Explain:
        """The request to the engine, once the photo and the target are at hand."""
        options = Options(**{name: getattr(self, name) for name in OPTIONS})
        return Explain(image, self.text, self.model, self.method, options, target, device)

    def plain(self) -> Selection:
        """The same photo, text, model and method with everything else at its default."""
        usual: dict[str, Any] = dict.fromkeys(OPTIONS)
        return replace(self, target=MATCH, **usual)


def first_selection() -> Selection:
    """What a first visit shows: the first sample and its first text."""
    first = next(iter(samples().values()))
    return Selection(first.name, first.texts[0])


def selected(side: str = "") -> Selection:
    """What is selected now on a side: ``""`` where a page has one, ``a`` and ``b`` where it has two."""
    return st.session_state.get(_key(side)) or first_selection()


def select(side: str = "", **changes: Any) -> None:
    """Changes what is selected on a side."""
    st.session_state[_key(side)] = replace(selected(side), **changes)


def is_selected(side: str) -> bool:
    """Whether anything was selected on a side yet."""
    return _key(side) in st.session_state


def _key(side: str) -> str:
    return f"selection{side}"


def to_query(selection: Selection, prefix: str = "") -> dict[str, str]:
    """The selection as query parameters, without those that are at their default."""
    given = {each.name: getattr(selection, each.name) for each in fields(Selection)}
    for name, usual in (("model", DEFAULT_MODEL), ("target", MATCH)):
        if given[name] == usual:
            given[name] = None
    return {prefix + name: str(value) for name, value in given.items() if value is not None}


def from_query(query: Mapping[str, str], start: Selection, prefix: str = "") -> tuple[Selection, list[str]]:
    """``start`` with what the query says in its place, and the names of the parameters that make no sense.

    A sample without a text brings its own.
    """
    found: dict[str, Any] = {}
    wrong: list[str] = []
    for name, read in _READERS.items():
        if prefix + name in query:
            try:
                found[name] = read(query[prefix + name])
            except (ValueError, KeyError):
                wrong.append(prefix + name)
    if found.get("photo") in samples() and "text" not in found:
        found["text"] = samples()[found["photo"]].texts[0]
    return replace(start, **found), wrong


def _photo(value: str) -> str:
    if value not in samples() and not HASH.fullmatch(value):
        raise ValueError
    return value


def _text(value: str) -> str:
    if len(value) > MAX_CHARACTERS:
        raise InputError("The text is longer than {limit} characters; shorten it.", limit=MAX_CHARACTERS)
    return check_text(value)


def _model(value: str) -> str:
    try:
        known = len(value) <= MAX_CHARACTERS and model_info(value) is not None
    except ModelError as error:
        raise ValueError from error
    if not known:
        raise ValueError
    return value


def _method(value: str) -> str:
    return methods()[value].name


def _target(value: str) -> str:
    if len(value) > MAX_CHARACTERS or value.partition(":")[0] not in get_args(TargetKind):
        raise ValueError
    return value


def _place(value: str) -> int:
    if not re.fullmatch(r"\d{1,9}", value, re.ASCII):
        raise ValueError
    return int(value)


_READERS: dict[str, Callable[[str], Any]] = {
    "photo": _photo,
    "text": _text,
    "model": _model,
    "method": _method,
    "target": _target,
}
_READERS |= dict.fromkeys(OPTIONS, _place)
