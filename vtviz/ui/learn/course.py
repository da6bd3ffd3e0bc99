"""The course: seven short lessons, each with a part of the page and a task that checks itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from vtviz.inputs import ImageInput
from vtviz.ui.ask.photos import photo_name, photo_of
from vtviz.ui.frame.language import say
from vtviz.ui.learn.bench import show_bench
from vtviz.ui.learn.inside import show_inside
from vtviz.ui.learn.network import show_network

LESSON, DONE = "learn-lesson", "learn-done"
PHOTO, TEXT = "chelsea", "A brown cat with green eyes"
EYES = ((0.30, 0.28, 0.46, 0.49), (0.65, 0.36, 0.77, 0.56))  # left, top, right, bottom as shares of the photo


@dataclass(frozen=True)
class Lesson:
    """One lesson: the ``part`` of the page that it uses, the ``check`` of its task, and how that part begins."""

    part: str
    check: str
    begin: dict[str, Any] = field(default_factory=dict)


LESSONS = (
    Lesson("inside", "eyes", {"kind": "text→image", "layer": 0, "word": "eyes", "boxes": EYES}),
    Lesson("bench", "point", {"preset": "cross"}),
    Lesson("bench", "warm", {"preset": "cross"}),
    Lesson("bench", "heads", {"preset": "heads", "begin": {"heads": 1}}),
    Lesson("inside", "direction", {"kind": "text→image", "layer": 0, "word": "cat"}),
    Lesson("network", "changed"),
    Lesson("bench", "unfaithful", {"preset": "textbook"}),
)


def open_lesson() -> None:
    """Takes over the lesson that the address names, the first time that a session sees the page."""
    asked = st.query_params.get("lesson", "")
    if LESSON not in st.session_state:
        st.session_state[LESSON] = int(asked) if asked.isdecimal() and 0 < int(asked) <= len(LESSONS) else 1


def show_course() -> dict[str, str]:
    """The lessons, the chosen one, and how many tasks are done; returns what the address should say."""
    done: set[int] = st.session_state.setdefault(DONE, set())
    open_lesson()
    left, right = st.columns([1, 3.4], gap="large")
    number: int = st.session_state[LESSON]
    with right:
        st.subheader(f"{number} · {say(f'learn.lesson{number}')}")
        st.markdown(say(f"learn.lesson{number}_text"))
        told = _show(number, number in done)
        if told in range(1, len(LESSONS) + 1):
            done.add(told)
        if number in done and number < len(LESSONS):
            st.button(say("learn.next"), key="learn-next", type="primary", on_click=_go, args=(number + 1,))
        if len(done) == len(LESSONS):
            st.success(say("learn.finished"), icon=":material/school:")
    with left:
        _list_lessons(number, done)
    return {"lesson": str(number)}


def _list_lessons(number: int, done: set[int]) -> None:
    st.progress(len(done) / len(LESSONS), say("learn.progress", done=len(done), count=len(LESSONS)))
    for index in range(1, len(LESSONS) + 1):
        icon = ":material/check_circle:" if index in done else ":material/circle:"
        kind = "secondary" if index == number else "tertiary"
        label = f"{index} · {say(f'learn.lesson{index}')}"
        st.button(label, key=f"learn-lesson-{index}", icon=icon, type=kind, on_click=_go, args=(index,))


def _go(number: int) -> None:
    st.session_state[LESSON] = number


def _show(number: int, done: bool) -> int | None:
    """The part of the page that a lesson uses; the number of the lesson once its task is done."""
    lesson = LESSONS[number - 1]
    task = {"lesson": number, "check": lesson.check, "text": say(f"learn.lesson{number}_task"), **lesson.begin}
    if lesson.part == "bench":
        return show_bench(task, done)
    alt = say("explore.alt", name=photo_name(PHOTO))
    image = photo_of(PHOTO)
    assert isinstance(image, ImageInput)  # it comes with vtviz
    if lesson.part == "inside":
        return show_inside(image, TEXT, alt, task, done)
    return show_network(image, TEXT, task=task, done=done)
