"""The sentences of a list that describe a photo best."""

from __future__ import annotations

import streamlit as st

from vtviz.engine.requests.tasks.search import FindSentences
from vtviz.tasks.search.sentences import MOST, Fitting
from vtviz.ui.ask.inputs import ask_photo, show_trouble
from vtviz.ui.ask.links import show_missing_photo
from vtviz.ui.ask.models import ask_model, current_device, need_model
from vtviz.ui.ask.photos import photo_name
from vtviz.ui.ask.selection import select, selected, text_language
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.resources import samples
from vtviz.ui.frame.scores import Score
from vtviz.ui.frame.screen import WIDE
from vtviz.ui.frame.shell import go_to
from vtviz.ui.frame.waiting import ask
from vtviz.ui.search.wall import MARKS
from vtviz.ui.show.model_notes import show_foreign, show_model_notes
from vtviz.ui.show.word_maps import show_photo
from vtviz.watch import Progress

LINES, SHOWN = "search-sentences", 10
HEIGHT = 260  # pixels


def show_sentences() -> None:
    """A photo and a list of sentences, and those that fit best.

    Raises:
        InputError, ModelError: as the engine does.
    """
    show_trouble()
    model = selected().model
    st.session_state.setdefault(LINES, "\n".join(_example(text_language(model))))
    left, right = st.columns(WIDE, gap="medium")
    with right:
        written = st.text_area(
            say("search.sentences"),
            key=LINES,
            height=HEIGHT,
            persist_state="session",
            help=say("search.sentences_help"),
        )
        ask_model(model)
        show_model_notes(selected().model)
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    with left:
        area = st.container()
        image = ask_photo()
    with area:
        if image is None:
            show_missing_photo()
            return
        picture, results = st.columns([2, 3], gap="small")
        with picture:
            show_photo(image, photo_name(selected().photo))
        if not lines:
            results.info(say("search.no_sentences", most=MOST), icon=":material/notes:")
            return
        need_model(model)
        with results:
            show_foreign(model, " ".join(lines))
            fitting = ask(FindSentences(image, tuple(lines), SHOWN, model, current_device()), _comparing)
            with st.container(gap=None):
                for index, item in enumerate(fitting):
                    _show_row(item, index)


def _show_row(item: Fitting, index: int) -> None:
    score = Score(item.match, item.score_kind, item.verdict is not None).text
    mark = f"{MARKS[item.verdict]} " if item.verdict else ""
    label = f"{mark}**{score}** {plain(item.text)}"
    if st.button(label, key=f"sentence-{index}", type="tertiary", help=say("search.explore")):
        select(text=item.text)
        go_to("explore")


def _example(language: str) -> list[str]:
    """The sentences of all packaged photos."""
    lists = [sample.texts_in("zh" if language == "zh" else "en") for sample in samples().values()]
    return list(dict.fromkeys(text for texts in lists for text in texts))


def _comparing(now: Progress, seconds: str) -> tuple[float, str]:
    return now.share, say("search.comparing", seconds=seconds)
