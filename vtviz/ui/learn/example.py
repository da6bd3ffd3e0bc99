"""The photo, the sentence and the model that run through the real parts of the page: at first those of Explore."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from vtviz.inputs import MAX_CHARACTERS, ImageInput
from vtviz.models.registry import DEFAULT_MODEL, model_infos
from vtviz.ui.ask.choice import kept_choice
from vtviz.ui.ask.photos import photo_name, photo_of
from vtviz.ui.ask.selection import selected, text_language
from vtviz.ui.frame.language import say
from vtviz.ui.frame.resources import samples, shared_engine

PHOTO, TEXT, MODEL, SEEN = "learn-photo", "learn-text", "learn-model", "learn-seen"


@dataclass(frozen=True)
class Example:
    """A photo, what the selection calls it, a sentence, and a model."""

    image: ImageInput
    photo: str
    text: str
    model: str = DEFAULT_MODEL

    @property
    def alt(self) -> str:
        return say("explore.alt", name=photo_name(self.photo))


def ask_example(models: bool = False) -> Example:
    """Asks for the photo and the sentence, and for the model where ``models`` says so.

    Raises:
        InputError: if the uploaded photo cannot be used.
    """
    now = selected()
    if st.session_state.get(SEEN) != (now.photo, now.text):  # something else was chosen on Explore
        st.session_state[SEEN] = (now.photo, now.text)
        for key in (PHOTO, f"{TEXT}-of"):
            st.session_state.pop(key, None)
    photos = list(samples())
    if now.photo not in photos and photo_of(now.photo) is not None:
        photos.insert(0, now.photo)
    left, middle, right = st.columns([1, 2, 1])
    with left:
        start = now.photo if now.photo in photos else photos[0]
        photo = kept_choice(say("learn.photo"), photos, PHOTO, start, format_func=photo_name)
    with middle:
        text = _ask_text(photo)
    with right:
        model = _ask_model(now.model) if models else DEFAULT_MODEL
    image = photo_of(photo)
    assert image is not None  # only photos that are here are offered
    return Example(image, photo, text, model)


def _ask_text(photo: str) -> str:
    """The sentence; another photo brings its own."""
    now = selected()
    if st.session_state.get(f"{TEXT}-of") != photo:
        st.session_state[f"{TEXT}-of"] = photo
        st.session_state[TEXT] = now.text if photo == now.photo else samples()[photo].texts_in(text_language())[0]
    return st.text_input(
        say("learn.text"), key=TEXT, max_chars=MAX_CHARACTERS, help=say("learn.text_help"), persist_state="session"
    )


def _ask_model(now: str) -> str:
    """One of the models that are here; nothing is asked where there is one alone."""
    names = [info.name for info in model_infos() if info.available]
    if now not in names and shared_engine().is_loaded(now):
        names.append(now)
    return kept_choice(say("learn.model"), names, MODEL, now if now in names else DEFAULT_MODEL)
