"""Photos with a sentence under each, for who has no manifest."""

from __future__ import annotations

import streamlit as st
from PIL import ImageOps

from vtviz.image_files.formats import SUFFIXES
from vtviz.inputs import InputError, read_image
from vtviz.render.overlay import to_jpeg
from vtviz.ui.ask.rows import Written
from vtviz.ui.frame.language import plain, say, say_error

MOST = 60  # photos; with more, a manifest is less work
ACROSS = 3
PICTURE = (480, 320)  # pixels


def ask_written() -> Written | None:
    """The photos and what is said of each; None while no photo has a sentence."""
    files = st.file_uploader(
        say("audit.own.photos"),
        type=[*SUFFIXES],
        accept_multiple_files=True,
        key="audit-own",
        help=say("audit.own.help"),
    )
    if not files:
        return None
    if len(files) > MOST:
        st.warning(say("audit.own.many", count=len(files), most=MOST), icon=":material/photo_library:")
        files = files[:MOST]
    texts: list[tuple[str, ...]] = []
    for start in range(0, len(files), ACROSS):
        for column, file in zip(st.columns(ACROSS), files[start : start + ACROSS], strict=False):
            with column.container(border=True):
                texts.append(_ask_texts(file.file_id, file.name, file.getvalue()))
    without = sum(not said for said in texts)
    if without:
        st.caption(say("audit.own.without", count=without))
    chosen = [(file, said) for file, said in zip(files, texts, strict=True) if said]
    return Written([file for file, _ in chosen], [said for _, said in chosen]) if chosen else None


def _ask_texts(key: str, name: str, data: bytes) -> tuple[str, ...]:
    """The sentences about a photo, one per line; none where it cannot be read, which is said."""
    try:
        st.image(_picture(key, data), alt=name, width="stretch")
    except InputError as error:
        st.error(f"{plain(name)}: {plain(say_error(error))}", icon=":material/broken_image:")
        return ()
    written = st.text_area(
        say("audit.own.text", name=name), key=f"audit-own-{key}", height=68, placeholder=say("audit.own.example")
    )
    return tuple(line.strip() for line in (written or "").splitlines() if line.strip())


@st.cache_data(max_entries=4 * MOST, show_spinner=False)
def _picture(key: str, _data: bytes) -> bytes:
    return to_jpeg(ImageOps.contain(read_image(_data).to_pil(), PICTURE))
