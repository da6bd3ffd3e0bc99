"""The moments of a story as they are listed, and how those of one's own are edited."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from vtviz.inputs import MAX_CHARACTERS, Tokens, read_image, split_words
from vtviz.render.overlay import scaled_photo, to_jpeg
from vtviz.stories.files import Told
from vtviz.stories.moment import Moment
from vtviz.stories.said import changes_said
from vtviz.stories.shelf import with_moments
from vtviz.ui.frame.language import current_language, plain, say
from vtviz.ui.frame.names import method_name
from vtviz.ui.frame.resources import story_shelf

SMALL = 240  # pixels
LONGEST_TITLE = 120  # characters


def show_story(told: Told) -> None:
    """The moments of a story that cannot be changed."""
    for index, moment in enumerate(told.story.moments):
        with st.container(border=True), _about(index, moment, told):
            if moment.note:
                st.text(moment.note)


def edit_story(name: str, told: Told) -> None:
    """The title, and for each moment its note, its place and a way to delete it."""
    key = f"story-title-{name}"
    st.session_state.setdefault(key, told.story.title)
    st.text_input(say("stories.title"), key=key, max_chars=LONGEST_TITLE, on_change=_retitle, args=(name, key))
    count = len(told.story.moments)
    for index, moment in enumerate(told.story.moments):
        with st.container(border=True, key=f"moment-{index}"), _about(index, moment, told):
            _edit(name, index, moment, count)


def _about(index: int, moment: Moment, told: Told) -> st.delta_generator.DeltaGenerator:
    """The photo and the facts of a moment; what is drawn in what this returns stands below them."""
    picture, about = st.columns([1, 4], gap="medium")
    picture.image(_small(moment.photo, told.photos[moment.photo]), alt="")
    with about:
        st.markdown(f"**{index + 1}.** {plain(moment.text)}")
        st.caption(plain(" · ".join(_facts(moment, current_language()))))
    return about


def _facts(moment: Moment, language: str) -> list[str]:
    """What was changed, pinned and chosen, in words."""
    words = split_words(moment.text)
    tokens = Tokens(moment.text, (), (), tuple(words), ())
    pinned = [words[word].text for word in moment.settings.words or () if word < len(words)]
    return [
        *([f"“{' '.join(pinned)}”"] if pinned else []),
        *changes_said(moment.changes, tokens, language),
        *([method_name(moment.method)] if moment.method else []),
        moment.model,
    ]


def _edit(name: str, index: int, moment: Moment, count: int) -> None:
    version = st.session_state.setdefault(_VERSION, 0)  # a row that moved gets fields of its own
    key = f"note-{name}-{index}-{version}"
    st.text_area(
        say("stories.note"),
        moment.note,
        key=key,
        max_chars=MAX_CHARACTERS,
        height=68,
        on_change=_note,
        args=(name, index, key),
    )
    with st.container(horizontal=True, gap="xsmall"):
        for step, icon, word in ((-1, "arrow_upward", "up"), (1, "arrow_downward", "down")):
            st.button(
                say(f"stories.{word}"),
                key=f"{word}-{index}",
                icon=f":material/{icon}:",
                type="tertiary",
                disabled=not 0 <= index + step < count,
                on_click=_move,
                args=(name, index, step),
            )
        st.button(
            say("stories.delete_moment"),
            key=f"delete-{index}",
            icon=":material/delete:",
            type="tertiary",
            disabled=count == 1,
            help=say("stories.last_moment") if count == 1 else None,
            on_click=_delete,
            args=(name, index),
        )


_VERSION = "story-version"


def _retitle(name: str, key: str) -> None:
    shelf, title = story_shelf(), str(st.session_state[key]).strip()
    told = shelf.read(name)
    if title:
        shelf.write(name, replace(told, story=replace(told.story, title=title)))


def _note(name: str, index: int, key: str) -> None:
    moments = list(story_shelf().read(name).story.moments)
    moments[index] = replace(moments[index], note=str(st.session_state[key]).strip())
    _write(name, moments)


def _move(name: str, index: int, step: int) -> None:
    moments = list(story_shelf().read(name).story.moments)
    moments.insert(index + step, moments.pop(index))
    _write(name, moments)


def _delete(name: str, index: int) -> None:
    moments = list(story_shelf().read(name).story.moments)
    del moments[index]
    _write(name, moments)


def _write(name: str, moments: list[Moment]) -> None:
    shelf = story_shelf()
    shelf.write(name, with_moments(shelf.read(name), tuple(moments)))
    st.session_state[_VERSION] = st.session_state.get(_VERSION, 0) + 1


@st.cache_resource(max_entries=64, show_spinner=False)
def _small(sha256: str, _data: bytes) -> bytes:
    return to_jpeg(scaled_photo(read_image(_data), SMALL))
