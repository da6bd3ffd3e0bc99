"""Which story: one of one's own, or one that vtviz ships; and how a file becomes one's own."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from vtviz.inputs import InputError
from vtviz.stories.files import MAX_ZIP, Told, example_stories, read_story, unpack_story
from vtviz.ui.ask.choice import choice
from vtviz.ui.frame.language import current_language, plain, say, say_error
from vtviz.ui.frame.resources import story_shelf

CHOSEN, TROUBLE, FIELD = "story", "story-trouble", "story-file"
EXAMPLE = "example:"


def choose_story() -> tuple[str, Told, bool]:
    """The chosen story: its name, itself, and whether it is this person's own.

    Raises:
        InputError: if its files are damaged.
    """
    own = {story.id: story.title for story in story_shelf().all()}
    examples = {f"{EXAMPLE}{file.name.split('.')[0]}": file for file in example_stories(current_language())}
    chosen = st.session_state.get(CHOSEN)
    if chosen not in own and chosen not in examples:
        chosen = next(iter([*own, *examples]))

    def keep(picked: str) -> None:
        st.session_state[CHOSEN] = picked

    choice(
        say("stories.story"),
        [*own, *examples],
        "story-pick",
        chosen,
        keep,
        format_func=lambda name: own.get(name) or say("stories.example", title=_title(examples[name])),
    )
    st.session_state[CHOSEN] = chosen
    is_own = chosen in own
    return chosen, story_shelf().read(chosen) if is_own else read_story(examples[chosen]), is_own


def offer_changes(name: str, told: Told, is_own: bool) -> None:
    """Deletes a story of one's own, or makes one's own copy of one that ships; opens a file."""
    if is_own:
        with st.popover(say("stories.delete"), icon=":material/delete:", wrap=False):
            st.markdown(say("stories.sure"))
            st.button(say("stories.delete_it"), type="primary", key="story-delete", on_click=_remove, args=(name,))
    else:
        st.button(say("stories.copy"), icon=":material/content_copy:", key="story-copy", on_click=_copy, args=(told,))
    with st.popover(say("stories.open"), icon=":material/folder_open:", wrap=False):
        key = f"{FIELD}-{st.session_state.get(FIELD, 0)}"
        st.file_uploader(
            say("stories.open_help"),
            ["json", "zip"],
            key=key,
            max_upload_size=MAX_ZIP // 2**20,
            on_change=_open,
            args=(key,),
        )


def show_trouble() -> None:
    """What was wrong with a file just opened, once."""
    trouble = st.session_state.pop(TROUBLE, None)
    if trouble:
        st.error(plain(trouble), icon=":material/error:")


def _open(key: str) -> None:
    file = st.session_state[key]
    if file is None:
        return
    try:
        st.session_state[CHOSEN] = story_shelf().add(unpack_story(file.getvalue(), file.name))
    except InputError as error:
        st.session_state[TROUBLE] = say_error(error)
    st.session_state[FIELD] = st.session_state.get(FIELD, 0) + 1  # a new key empties the field


def _copy(told: Told) -> None:
    st.session_state[CHOSEN] = story_shelf().add(told)


def _remove(name: str) -> None:
    story_shelf().remove(name)
    st.session_state.pop(CHOSEN, None)


@st.cache_data(show_spinner=False)
def _title(file: Path) -> str:
    return read_story(file).story.title
