"""Where a person gives the photo and the text."""

from __future__ import annotations

import hashlib

import streamlit as st
from PIL import ImageOps

from vtviz.inputs import MAX_BYTES, MAX_CHARACTERS, ImageInput, read_image
from vtviz.render.overlay import to_jpeg
from vtviz.ui.language import say
from vtviz.ui.resources import Sample, checked_photo, samples

SAMPLE, TEXT, QUESTION, UPLOADS = "sample", "text", "question", "uploads"
THUMBNAIL = (88, 64)  # pixels


def start_inputs() -> None:
    """The embedded default: the first sample and its first text."""
    first = next(iter(samples().values()))
    st.session_state.setdefault(SAMPLE, first.name)
    st.session_state.setdefault(TEXT, first.texts[0])
    st.session_state.setdefault(UPLOADS, 0)


def ask_photo() -> tuple[ImageInput, str]:
    """The photo, uploaded or packaged, and what it is called.

    Raises:
        InputError: if the uploaded file cannot be used.
    """
    st.markdown(f"**{say('inputs.photo')}**")
    uploaded = st.file_uploader(
        say("inputs.upload"),
        type=["jpg", "jpeg", "png", "webp"],
        key=f"upload-{st.session_state[UPLOADS]}",
        max_upload_size=MAX_BYTES // 2**20,
    )
    st.caption(say("inputs.samples"))
    with st.container(horizontal=True, gap="small"):
        for sample in samples().values():
            with st.container(width=THUMBNAIL[0], gap="xsmall"):
                label = say(f"sample.{sample.name}")
                st.image(thumbnail(sample.name), alt=label, width=THUMBNAIL[0])
                st.button(label, key=f"sample-{sample.name}", on_click=_take, args=(sample.name,), width="stretch")
    if uploaded is not None:
        data, name = uploaded.getvalue(), uploaded.name
    else:
        data, name = samples()[st.session_state[SAMPLE]].read(), say(f"sample.{st.session_state[SAMPLE]}")
    return checked_photo(hashlib.sha256(data).hexdigest(), data), name


def ask_text() -> str:
    """The sentence about the photo."""
    text = st.text_input(say("inputs.text"), key=TEXT, max_chars=MAX_CHARACTERS, help=say("inputs.text_help"))
    sample = current_sample()
    if sample:
        texts = sample.texts
        with st.container(horizontal=True, gap="small"):
            for index, each in enumerate(texts):
                icon = ":material/close:" if index == len(texts) - 1 else ":material/edit:"
                st.button(each, key=f"text-{index}", type="tertiary", icon=icon, on_click=_write, args=(each,))
    return text


def current_sample() -> Sample | None:
    """The packaged photo in use, or None where one was uploaded."""
    uploaded = st.session_state.get(f"upload-{st.session_state[UPLOADS]}")
    return samples()[st.session_state[SAMPLE]] if uploaded is None else None


def _take(name: str) -> None:
    st.session_state[SAMPLE] = name
    st.session_state[TEXT] = samples()[name].texts[0]
    st.session_state[QUESTION] = samples()[name].questions[0]
    st.session_state[UPLOADS] += 1  # a new key empties the upload


def _write(text: str) -> None:
    st.session_state[TEXT] = text


@st.cache_resource(show_spinner=False)
def thumbnail(name: str) -> bytes:
    """A small square of a sample, as JPEG."""
    width, height = THUMBNAIL
    return to_jpeg(ImageOps.fit(read_image(samples()[name].read()).to_pil(), (2 * width, 2 * height)))
