"""Where a person gives the photo and the text. ``side`` is "" where a page has one of each, else ``a`` or ``b``."""

from __future__ import annotations

from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vtviz.inputs import MAX_BYTES, MAX_CHARACTERS, ImageInput
from vtviz.ui.ask.choice import choice
from vtviz.ui.ask.photos import THUMBNAIL, photo_name, photo_of, thumbnail, uploads
from vtviz.ui.ask.selection import first_selection, select, selected
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.resources import Sample, samples

QUESTION = "question"
TILES = 3  # of uploads


def ask_photo() -> ImageInput | None:
    """The photo, uploaded or packaged; None where it was uploaded elsewhere, in which case the page asks for it.

    Raises:
        InputError: if the uploaded file cannot be used.
    """
    chosen = selected().photo
    st.markdown(f"**{say('inputs.photo')}**")
    _ask_upload("")
    st.caption(say("inputs.samples"))
    with st.container(horizontal=True, gap="small"):
        for photo in [*samples(), *list(uploads().files)[-TILES:]]:
            _tile(photo, chosen)
    return photo_of(chosen)


def ask_side_photo(side: str) -> tuple[ImageInput | None, DeltaGenerator]:
    """The same in less space, for a page with two sides, and an area for the settings of the map."""
    known = [*samples(), *uploads().files]
    chosen = selected(side).photo
    left, right, more = st.columns([1.5, 1.2, 1.1], vertical_alignment="bottom")
    choice(
        say("inputs.photo"),
        known if chosen in known else [*known, chosen],
        f"photo{side}",
        chosen,
        lambda photo: _take(photo, side),
        left.selectbox,
        format_func=photo_name,
    )
    with right.popover(say("inputs.own"), icon=":material/upload:", width="stretch"):
        _ask_upload(side)
    settings = more.popover(say("inputs.map"), icon=":material/tune:", width="stretch")
    return photo_of(chosen), settings


def _ask_upload(side: str) -> None:
    key = f"upload{side}-{st.session_state.get(f'uploads{side}', 0)}"

    def keep() -> None:
        file = st.session_state[key]
        if file is not None:
            select(side, photo=uploads().keep(file.name, file.getvalue()))
        elif not selected(side).is_sample:
            _take(first_selection().photo, side)

    st.file_uploader(
        say("inputs.upload"),
        type=["jpg", "jpeg", "png", "webp"],
        key=key,
        max_upload_size=MAX_BYTES // 2**20,
        on_change=keep,
    )


def _tile(photo: str, chosen: str) -> None:
    picture = thumbnail(photo)
    if picture is not None:
        with st.container(width=THUMBNAIL[0], gap="xsmall"):
            label = photo_name(photo)
            look: Literal["primary", "secondary"] = "primary" if photo == chosen else "secondary"
            st.image(picture, alt=label, width=THUMBNAIL[0])
            key = f"sample-{photo}"
            st.button(plain(label), key=key, type=look, on_click=_take, args=(photo,), width="stretch", wrap=False)


def ask_text(side: str = "") -> str:
    """The sentence about the photo."""
    chosen, key = selected(side), f"text{side}"
    st.session_state[key] = chosen.text
    text = st.text_input(
        say("inputs.text_of", side=side.upper()) if side else say("inputs.text"),
        key=key,
        max_chars=MAX_CHARACTERS,
        help=say("inputs.text_help"),
        on_change=lambda: select(side, text=st.session_state[key]),
    )
    if chosen.is_sample and not side:
        texts = samples()[chosen.photo].texts
        with st.container(horizontal=True, gap="small"):
            for index, words in enumerate(texts):
                icon = ":material/close:" if index > 0 else ":material/edit:"
                st.button(words, key=f"text-{index}", type="tertiary", icon=icon, on_click=_write, args=(words,))
    return text


def current_sample() -> Sample | None:
    """The packaged photo in use, or None where one was uploaded."""
    return samples().get(selected().photo)


def _take(photo: str, side: str = "") -> None:
    sample = samples().get(photo)
    select(side, photo=photo)
    if sample and not side:
        select(side, text=sample.texts[0])
        st.session_state[QUESTION] = sample.questions[0]
    clear_upload(side)


def clear_upload(side: str) -> None:
    """Empties the file field, because another photo was taken; a new key does it."""
    st.session_state[f"uploads{side}"] = st.session_state.get(f"uploads{side}", 0) + 1


def _write(text: str) -> None:
    select(text=text)
