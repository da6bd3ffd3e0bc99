"""A moment of what is on the page, or two of them, pinned to a story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from vtviz.inputs import MAX_CHARACTERS
from vtviz.interventions.changes import Change
from vtviz.render.lens.settings import LensSettings
from vtviz.stories.moment import Moment
from vtviz.stories.shelf import begun, with_moment
from vtviz.ui.ask.photos import file_of
from vtviz.ui.ask.selection import Selection
from vtviz.ui.frame.language import current_language, plain, say
from vtviz.ui.frame.resources import story_shelf
from vtviz.ui.frame.shell import go_to

STORY, NOTE, TITLE = "pin-story", "pin-note", "pin-title"
NEW = ""


def moment_of(chosen: Selection, sha256: str, settings: LensSettings, changes: tuple[Change, ...] = ()) -> Moment:
    """What a page shows, as a moment without a note; ``sha256`` is that of the photo's file."""
    return Moment(sha256, chosen.text, chosen.model, chosen.method, chosen.target, settings, changes)


def offer_pin(*pinned: tuple[Moment, str]) -> None:
    """Pins moments, the last one with a note, to a new story or to one that there is. Each comes with the photo of its
    selection."""
    opened = st.popover(say("stories.pin"), key="pin", icon=":material/push_pin:", on_change="rerun", wrap=False)
    if not opened.open:
        return
    shelf = story_shelf()
    stories = {story.id: story.title for story in shelf.all()}
    with opened, st.container(key="up-pin"):
        note = st.text_area(
            say("stories.note"), key=NOTE, max_chars=MAX_CHARACTERS, placeholder=say("stories.note_help")
        )
        last = st.session_state.get(STORY)
        options = [*stories, NEW]
        chosen = st.selectbox(
            say("stories.to"),
            options,
            options.index(last) if last in options else 0,
            format_func=lambda name: stories.get(name) or say("stories.new"),
            key=f"pin-to-{current_language()}-{len(options)}",
        )
        title = ""
        if chosen == NEW:
            title = st.text_input(say("stories.title"), say("stories.first_title"), key=TITLE, max_chars=120)
        add, see = st.columns(2)
        if add.button(say("stories.pin_it"), type="primary", key="pin-it", icon=":material/push_pin:"):
            st.session_state[STORY] = _pin(pinned, note.strip(), chosen, title.strip())
            name = shelf.read(st.session_state[STORY]).story.title
            st.success(say("stories.pinned", title=plain(name)), icon=":material/push_pin:")
        if see.button(say("stories.see"), type="tertiary", key="pin-see"):
            go_to("stories")


def _pin(pinned: Sequence[tuple[Moment, str]], note: str, story: str, title: str) -> str:
    """Adds the moments, and returns the name of their story."""
    shelf = story_shelf()
    for index, (moment, photo) in enumerate(pinned, start=1):
        data = file_of(photo)
        assert data is not None  # what is shown is here
        noted = replace(moment, note=note if index == len(pinned) else "")
        if story == NEW:
            story = shelf.add(begun(title or say("stories.first_title"), current_language(), noted, data))
        else:
            shelf.write(story, with_moment(shelf.read(story), noted, data))
    return story
