"""A story told: presented on the whole screen, or written as one HTML page."""

from __future__ import annotations

import hashlib

import streamlit as st

from vtviz.engine.engine import Engine
from vtviz.engine.lens import scene
from vtviz.engine.requests.stories import TellMoment
from vtviz.inputs import read_image
from vtviz.render.lens.pack import join
from vtviz.stories.files import Told, shipped_photos, story_json, story_zip
from vtviz.stories.page import story_page
from vtviz.ui.ask.models import may_load, need_model
from vtviz.ui.frame.components import component
from vtviz.ui.frame.language import say
from vtviz.ui.frame.resources import shared_engine
from vtviz.ui.frame.results import Results, session_results
from vtviz.ui.frame.waiting import ask
from vtviz.watch import Progress

PAGES, MOST_PAGES = "story-pages", 2
PRESENTED, PRESENT = "story-presented", "present"


def offer_telling(told: Told, name: str) -> None:
    """Buttons that present a story, export it, and save it."""
    if st.button(say("stories.present"), type="primary", icon=":material/slideshow:", key="present-it"):
        st.session_state[PRESENTED] = name
    engine = shared_engine()
    asks = not all(may_load(model) for model in dict.fromkeys(moment.model for moment in told.story.moments))
    st.download_button(
        say("stories.export"),
        lambda: page_of(told, engine),
        "story.html",
        "text/html",
        icon=":material/web:",
        help=say("stories.export_later" if asks else "stories.export_help"),
        disabled=asks,
        on_click="ignore",
    )
    zipped = any(moment.photo not in shipped_photos() for moment in told.story.moments)
    st.download_button(
        "story.zip" if zipped else "story.json",
        (lambda: story_zip(told)) if zipped else (lambda: story_json(told.story)),
        "story.zip" if zipped else "story.json",
        "application/zip" if zipped else "application/json",
        icon=":material/data_object:",
        help=say("stories.save_help"),
        on_click="ignore",
    )


def page_of(told: Told, engine: Engine) -> bytes:
    """The story as one HTML page, without a word on how far the work is."""
    scenes = [
        scene(engine.ask(TellMoment(moment, read_image(told.photos[moment.photo]))), moment, told.story.language)
        for moment in told.story.moments
    ]
    return story_page(told.story, scenes)


def present(told: Told, name: str) -> None:
    """The story over the whole window, if it is the one that is presented; until the person leaves it."""
    if st.session_state.get(PRESENTED) != name:
        return
    state = st.session_state.get(PRESENT) or {}
    if state.get("left"):
        del st.session_state[PRESENTED]
        return
    page, title = _page(told), told.story.title
    head = {"leave": say("stories.leave"), "title": title, "key": hashlib.sha256(page).hexdigest()}
    component(PRESENT)(key=PRESENT, data=join(head, page), on_left_change=lambda: None)


def _page(told: Told) -> bytes:
    kept: Results[str, bytes] = session_results(PAGES, MOST_PAGES)
    key = hashlib.sha256(story_json(told.story)).hexdigest()
    if key not in kept:
        moments, scenes = told.story.moments, []
        for model in dict.fromkeys(moment.model for moment in moments):
            need_model(model)
        for number, moment in enumerate(moments):

            def told_so_far(now: Progress, seconds: str, number: int = number) -> tuple[float, str]:
                return number / len(moments), say("stories.preparing", number=number + 1, total=len(moments))

            found = ask(TellMoment(moment, read_image(told.photos[moment.photo])), told_so_far)
            scenes.append(scene(found, moment, told.story.language))
        kept[key] = story_page(told.story, scenes)
    return kept[key]
