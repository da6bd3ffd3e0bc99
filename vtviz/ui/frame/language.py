"""What the app says to this person."""

from __future__ import annotations

import re

import streamlit as st

from vtviz.errors import UserError
from vtviz.sentences import LANGUAGES, catalogue, error_sentences, translated

JOINER = "\u2060"
ADDRESS = re.compile(r"https?(?=://)|www(?=\.)|[\w.+-](?=@)", re.IGNORECASE)  # where a link would begin


def current_language() -> str:
    """The language this person chose."""
    chosen = st.session_state.get("lang")
    return chosen if chosen in LANGUAGES else "en"


def say(key: str, **values: object) -> str:
    """The sentence under a key in the chosen language, with values put in."""
    return catalogue(current_language())[key].format(**values)


def say_or(key: str, otherwise: str) -> str:
    """The sentence under a key, or another where the catalogue lacks it, as for plug-ins."""
    return catalogue(current_language()).get(key, otherwise)


def say_error(error: UserError) -> str:
    """What went wrong in the chosen language; in English where it has no sentence for it, as for plug-ins."""
    language = current_language()
    sentence = error_sentences(language).get(error.sentence)
    values = {name: translated(v, language) if isinstance(v, str) else v for name, v in error.values.items()}
    return sentence.format(**values) if sentence else str(error)


def say_stored(sentence: str) -> str:
    """A stored English sentence, such as a reason or a device, in the chosen language where errors.*.json has it."""
    return translated(sentence, current_language())


def plain(text: str) -> str:
    """A person's own text for a label that Streamlit reads as Markdown: every mark is escaped, and an invisible
    joiner keeps addresses from becoming links, which happens after marks are read."""
    return re.sub(r"([!-/:-@[-`{-~])", r"\\\1", ADDRESS.sub(rf"\g<0>{JOINER}", text))


def say_notice(notice: str) -> str:
    """What a model says of itself in the chosen language, where the catalogue of errors has it."""
    return error_sentences(current_language()).get(notice, notice)
