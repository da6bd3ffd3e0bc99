"""Where a person gives the photo and the text. ``side`` is "" where a page has one of each, else ``a`` or ``b``."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vtviz.image_files.formats import SUFFIXES
from vtviz.inputs import MAX_BYTES, MAX_CHARACTERS, ImageInput, InputError, check_text
from vtviz.models.base import MATCH
from vtviz.ui.ask.choice import choice
from vtviz.ui.ask.photos import decoded_photos, photo_name, photo_of, thumbnail, uploads
from vtviz.ui.ask.selection import select, selected, text_language
from vtviz.ui.frame.language import current_language, plain, say, say_error
from vtviz.ui.frame.resources import Sample, samples

QUESTION = "question"
TROUBLE, NOTICE = "input-trouble", "input-notice"
TILES = 6  # of uploads
NEW_PHOTO: dict[str, Any] = {"text": "", "target": MATCH.kind}  # what another photo begins with


def ask_photo(side: str = "") -> ImageInput | None:
    """The photo, from a strip of small pictures that begins with a button for one's own; None where it was uploaded
    elsewhere, in which case the page asks for it. With a ``side``, the photo is that page's own.

    Raises:
        InputError: if the uploaded file cannot be used.
    """
    chosen = selected(side).photo
    photos = [*list(uploads().files)[: -TILES - 1 : -1], *samples()]
    with st.container(key="strip", horizontal=True, gap="xsmall", wrap=False):
        _ask_upload(side, label=False)
        st.html(_pictures(tuple(photos)))
        for photo in photos:
            _tile(photo, chosen, side)
    return photo_of(chosen)


def ask_side_photo(side: str) -> tuple[ImageInput | None, DeltaGenerator, DeltaGenerator]:
    """The same in less space, for a page with two sides; and areas for the settings of the map and for the answer."""
    known = [*samples(), *uploads().files]
    chosen = selected(side).photo
    with st.container(key=f"row{side}", horizontal=True, gap="xsmall", vertical_alignment="center"):
        choice(
            say("inputs.photo"),
            known if chosen in known else [*known, chosen],
            f"photo{side}",
            chosen,
            lambda photo: _take(photo, side),
            format_func=photo_name,
            label_visibility="collapsed",
            width=170,
        )
        with st.popover(say("inputs.own"), icon=":material/upload:", wrap=False):
            _ask_upload(side)
        settings = st.popover(say("inputs.map"), icon=":material/tune:", wrap=False)
        answer = st.container(key=f"verdict{side}", horizontal=True, vertical_alignment="center")
    return photo_of(chosen), settings, answer


def _ask_upload(side: str, label: bool = True) -> None:
    key = f"upload{side}-{st.session_state.get(f'uploads{side}', 0)}"

    def keep() -> None:
        file = st.session_state[key]
        if file is not None:
            _take_file(file.name, file.getvalue(), side)

    st.file_uploader(
        say("inputs.upload"),
        type=list(SUFFIXES),
        key=key,
        max_upload_size=MAX_BYTES // 2**20,
        on_change=keep,
        label_visibility="visible" if label else "collapsed",
    )


def _take_file(name: str, data: bytes, side: str) -> None:
    """Selects an uploaded photo; one that cannot be used is named, and what was selected stays."""
    try:
        image = decoded_photos().get(hashlib.sha256(data).hexdigest(), data)
    except InputError as error:
        st.session_state[TROUBLE] = f"{name}: {say_error(error)}"
    else:
        photo = uploads().keep(name, data)
        if image.is_reduced:
            width, height = image.file_size
            st.session_state[NOTICE] = say("inputs.reduced", name=name, width=width, height=height)
        is_new = not side and photo != selected().photo  # else it is the one that a link waits for
        select(side, photo=photo, **(NEW_PHOTO if is_new else {}))
    clear_upload(side)


def show_trouble() -> None:
    """What was wrong with a text or a file just given, or what was done about it, once."""
    trouble, notice = (st.session_state.pop(key, None) for key in (TROUBLE, NOTICE))
    if trouble:
        st.error(plain(trouble), icon=":material/error:")
    if notice:
        st.info(plain(notice), icon=":material/photo_size_select_large:")


def _tile(photo: str, chosen: str, side: str) -> None:
    label = photo_name(photo)
    look: Literal["primary", "secondary"] = "primary" if photo == chosen else "secondary"
    st.button(plain(label), key=f"sample-{photo}", type=look, help=plain(label), on_click=_take, args=(photo, side))


@st.cache_resource(max_entries=8, show_spinner=False)
def _pictures(photos: tuple[str, ...]) -> str:
    """The small pictures as backgrounds of their buttons."""
    rules = []
    for photo in photos:
        picture = thumbnail(photo)
        if picture is not None:
            data = base64.b64encode(picture).decode()
            rules.append(f".st-key-sample-{photo} button {{background-image: url(data:image/jpeg;base64,{data})}}")
    return f"<style>{' '.join(rules)}</style>"


def ask_text(side: str = "") -> str:
    """The sentence about the photo. A text that cannot be read is named, and the one before it stays."""
    chosen, key = selected(side), f"text{side}"
    st.session_state[key] = chosen.text

    def keep() -> None:
        try:
            select(side, text=check_text(st.session_state[key]))
        except InputError as error:
            st.session_state[TROUBLE] = say_error(error)

    with st.container(key=f"sentence{side}"):
        return st.text_input(
            say("inputs.text_of", side=side.upper()) if side else say("inputs.text"),
            key=key,
            max_chars=MAX_CHARACTERS,
            placeholder=say(f"inputs.placeholder_{text_language(chosen.model)}"),
            required=True,
            on_change=keep,
            label_visibility="collapsed",
        )


def offer_texts() -> None:
    """The sentences that come with a packaged photo: a true one, one that is nearly so, and an absurd one."""
    sample = current_sample()
    if sample is None:
        return
    language = text_language(selected().model)
    meanings = sample.texts_zh if language != current_language() else ()
    with st.container(key="offers", horizontal=True, gap="xsmall"):
        for index, words in enumerate(sample.texts_in(language)):
            icon = ":material/close:" if index > 0 else ":material/check:"
            meaning = meanings[index] if index < len(meanings) else None
            key = f"text-{index}"
            st.button(words, key=key, type="tertiary", icon=icon, help=meaning, on_click=_write, args=(words,))


def current_sample() -> Sample | None:
    """The packaged photo in use, or None where one was uploaded."""
    return samples().get(selected().photo)


def _take(photo: str, side: str = "") -> None:
    """Selects a photo. On a page with one photo a sample brings its own text, and another clears the sentence."""
    sample = samples().get(photo)
    if side:
        select(side, photo=photo)
    elif sample:
        language = text_language(selected().model)
        select(**{**NEW_PHOTO, "text": sample.texts_in(language)[0]}, photo=photo)
        st.session_state[QUESTION] = sample.questions_in(text_language())[0]
    elif photo != selected().photo:
        select(**NEW_PHOTO, photo=photo)
    clear_upload(side)


def clear_upload(side: str) -> None:
    """Empties the file field, because another photo was taken; a new key does it."""
    st.session_state[f"uploads{side}"] = st.session_state.get(f"uploads{side}", 0) + 1


def _write(text: str) -> None:
    select(text=text)
