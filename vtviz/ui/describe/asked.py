"""The questions that a person asked, newest first, and what one may ask next about the same photo."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from vtviz.tasks.answer import Answer
from vtviz.tasks.follow_up import follow_ups, in_full
from vtviz.ui.ask.inputs import QUESTION
from vtviz.ui.ask.photos import thumbnail
from vtviz.ui.ask.selection import select, selected
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.person.visitor import kept_for_visitor

KEPT, SHOWN = 60, 4


@dataclass(frozen=True)
class Asked:
    """A question about a photo, and the answer; empty where the model could not tell."""

    photo: str
    question: str
    answer: str


def read_in_full(question: str) -> str:
    """The question with what "it" stands for, by what was asked about the photo before."""
    earlier = [past.question for past in _of_photo() if past.question != question]
    return in_full(question, earlier[::-1])


def remember_question(question: str, answer: Answer, said: str) -> None:
    """Puts a question at the top of the list."""
    new = Asked(selected().photo, question, said if answer.text else "")
    others = [past for past in _kept() if (past.photo, past.question) != (new.photo, new.question)]
    _kept()[:] = [new, *others][:KEPT]


def show_asked(question: str) -> None:
    """What else was asked about the photo, and what may be asked next."""
    past = [each for each in _of_photo() if each.question != question]
    following = follow_ups(question, [each.question for each in past])
    if following:
        st.caption(say("describe.next"), help=say("describe.next_help"))
        with st.container(key="others", horizontal=True, gap="xsmall"):
            for index, other in enumerate(following):
                st.button(plain(other), key=f"follow-{index}", on_click=_ask, args=(other,))
    if past:
        st.caption(say("describe.asked"))
        for index, each in enumerate(past[:SHOWN]):
            _show_row(each, index, "asked")


def show_questions() -> None:
    """All questions of this person, with their photos; a click brings one back."""
    past = _kept()
    title = say("history.title", count=len(past))
    with st.popover(title, icon=":material/history:", wrap=False, on_change="rerun", key="questions-open") as opened:
        if not opened.open:
            return
        with st.container(key="up-history"):
            if not past:
                st.caption(say("describe.none_asked"))
            for index, each in enumerate(past):
                picture, text = st.columns([1, 5], vertical_alignment="center", gap="small")
                small = thumbnail(each.photo)
                if small:
                    picture.image(small, alt="")
                with text:
                    _show_row(each, index, "again")
            if past:
                st.button(say("history.clear"), type="tertiary", icon=":material/delete:", on_click=_kept().clear)


def _show_row(past: Asked, index: int, key: str) -> None:
    answer = past.answer or say("describe.cannot_tell")
    label = f"{plain(past.question)} → **{plain(answer)}**"
    st.button(label, key=f"{key}-{index}", type="tertiary", on_click=_again, args=(past,))


def _again(past: Asked) -> None:
    select(photo=past.photo)
    _ask(past.question)


def _ask(question: str) -> None:
    st.session_state[QUESTION] = question


def _of_photo() -> list[Asked]:
    """What was asked about the selected photo, newest first."""
    return [past for past in _kept() if past.photo == selected().photo]


def _kept() -> list[Asked]:
    kept: list[Asked] = kept_for_visitor("questions", list)
    return kept
