"""What is to be explained, and how, in a few values that mean the same in every language. The state of a session, its
history and links are made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import streamlit as st

from vtviz.attribution.options import Options
from vtviz.attribution.registry import methods
from vtviz.attribution.targets import WrittenTarget
from vtviz.chinese import Language
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import MAX_CHARACTERS, ImageInput, InputError, check_text
from vtviz.models.base import MATCH, ModelError, Target
from vtviz.models.registry import DEFAULT_MODEL, model_info
from vtviz.ui.ask.own_models import check_own_model
from vtviz.ui.frame.language import current_language
from vtviz.ui.frame.resources import samples

OPTIONS = tuple(option.name for option in fields(Options))
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Selection:
    """A photo (a sample's name, or the SHA-256 of an uploaded file), a text, and how it is explained.

    An empty text is one that is still to be written. ``target`` is a WrittenTarget as text (``match``, ``caption:3``).
    The method and its options are the defaults of the model and the method where None. With ``alone``, each word is
    explained as a text of its own.
    """

    photo: str
    text: str
    model: str = DEFAULT_MODEL
    method: str | None = None
    target: str = MATCH.kind
    options: Options = field(default=Options())
    alone: bool = False

    @property
    def is_sample(self) -> bool:
        return self.photo in samples()

    def request(
        self, image: ImageInput, target: Target, device: str | None = None, beside: tuple[str, ...] = ()
    ) -> Explain:
        """The request to the engine, once the photo and the target are at hand."""
        return Explain(image, self.text, self.model, self.method, self.options, target, device, beside, self.alone)

    def plain(self) -> Selection:
        """The same photo, text, model and method with everything else at its default."""
        return replace(self, target=MATCH.kind, options=Options(), alone=False)


def first_selection() -> Selection:
    """What a first visit shows: the first sample and its first text."""
    first = next(iter(samples().values()))
    return Selection(first.name, first.texts_in(text_language())[0])


def text_language(model: str = DEFAULT_MODEL) -> Language:
    """The language of the texts that are offered for a model: this person's where the model reads it, else English."""
    language: Language = "zh" if current_language() == "zh" else "en"
    try:
        info = model_info(model)
    except ModelError:  # the page says so where it is loaded
        info = None
    return language if info is not None and language in info.languages else "en"


def selected(side: str = "") -> Selection:
    """What is selected now on a side: ``""`` where a page has one, ``a`` and ``b`` where it has two."""
    return st.session_state.get(_key(side)) or first_selection()


def select(side: str = "", **changes: Any) -> None:
    """Changes some of what is selected on a side."""
    select_all(replace(selected(side), **changes), side)


def select_all(selection: Selection, side: str = "") -> None:
    """Selects all of it on a side."""
    st.session_state[_key(side)] = selection


def is_selected(side: str) -> bool:
    """Whether anything was selected on a side yet."""
    return _key(side) in st.session_state


def _key(side: str) -> str:
    return f"selection{side}"


def to_query(selection: Selection, prefix: str = "") -> dict[str, str]:
    """The selection as query parameters, without those that are at their default."""
    values = {**vars(selection), **vars(selection.options), "alone": "1" if selection.alone else None}
    del values["options"]
    usual = {"model": DEFAULT_MODEL, "target": MATCH.kind}
    return {prefix + name: str(value) for name, value in values.items() if value not in (None, "", usual.get(name))}


def from_query(query: Mapping[str, str], start: Selection, prefix: str = "") -> tuple[Selection, list[str]]:
    """``start`` with what the query says in its place, and the names of the parameters that make no sense.

    A photo without a text brings its own if it is a sample, and else none.
    """
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for name, read in _READERS.items():
        if prefix + name in query:
            try:
                values[name] = read(query[prefix + name])
            except Exception:  # a link may say anything, and the page is to open
                wrong.append(prefix + name)
    if "photo" in values and "text" not in values:
        sample = samples().get(values["photo"])
        language = text_language(values.get("model", start.model))
        values["text"] = sample.texts_in(language)[0] if sample else ""
    options = replace(start.options, **{name: values.pop(name) for name in OPTIONS if name in values})
    return replace(start, options=options, **values), wrong


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
        if len(value) > MAX_CHARACTERS:
            raise ValueError
        check_own_model(value)
        known = model_info(value) is not None
    except ModelError as error:
        raise ValueError from error
    if not known:
        raise ValueError
    return value


def _method(value: str) -> str:
    return methods()[value].name


def _target(value: str) -> str:
    if len(value) > MAX_CHARACTERS or not WrittenTarget.read(value).is_known:
        raise ValueError
    return value


def _yes(value: str) -> bool:
    if value != "1":
        raise ValueError
    return True


def _number(value: str) -> int:
    if not re.fullmatch(r"\d{1,9}", value, re.ASCII):
        raise ValueError
    return int(value)


_READERS: dict[str, Callable[[str], Any]] = {
    "photo": _photo,
    "text": _text,
    "model": _model,
    "method": _method,
    "target": _target,
    "alone": _yes,
}
_READERS |= dict.fromkeys(OPTIONS, _number)
