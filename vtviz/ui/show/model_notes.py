"""What a person must know of a model where they choose it by what it is for: what it needs, and is not for."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from vtviz.chinese import language_of
from vtviz.models.base import ModelError, ModelInfo
from vtviz.models.registry import model_info, model_infos
from vtviz.ui.frame.language import plain, say, say_notice


def show_model_notes(name: str) -> None:
    """What a model is, what it still has to fetch, and what it is not for."""
    info = _info(name)
    if info is None:
        return
    parts = [plain(say_notice(info.description)), say("model.licence", licence=plain(say_notice(info.licence)))]
    if not info.available:
        size = say("model.size_unknown") if info.size_mb is None else f"{info.size_mb} MB"
        parts.append(say("model.needs", size=size))
    st.caption(" ".join(parts))
    if info.notice:
        st.warning(say_notice(info.notice), icon=":material/info:")


def show_foreign(name: str, text: str) -> bool:
    """Says that a model does not read the language of a text, and which ones do; whether that is so."""
    if not is_foreign(name, text):
        return False
    readers = ", ".join(other.label for other in _readers(text))
    st.warning(say("model.foreign", name=plain(model_label(name)), others=plain(readers)), icon=":material/translate:")
    return True


def is_foreign(name: str, text: str) -> bool:
    """Whether a model does not read the language of a text."""
    info = _info(name)
    return info is not None and bool(text.strip()) and language_of(text) not in info.languages


def reader_of(text: str) -> str | None:
    """The first model that reads the language of a text."""
    return next((info.name for info in _readers(text)), None)


def model_label(name: str) -> str:
    """What a model is called."""
    info = _info(name)
    return name if info is None else info.label


def _readers(text: str) -> list[ModelInfo]:
    return [info for info in model_infos() if language_of(text) in info.languages]


def _info(name: str) -> ModelInfo | None:
    with suppress(ModelError):
        return model_info(name)
    return None
