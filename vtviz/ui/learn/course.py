"""The course: seven short lessons, each with a part of the page and a task that checks itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from vtviz.inputs import ImageInput
from vtviz.ui.ask.choice import kept_choice
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


def show_course() -> dict[str, str]:
    """The lessons, the chosen one, and how many tasks are done; returns what the address should say."""
    done: set[int] = st.session_state.setdefault(DONE, set())
    bar = st.empty()
    number = _ask_lesson(done)
    st.subheader(f"{number} · {say(f'learn.lesson{number}')}")
    st.markdown(say(f"learn.lesson{number}_text"))
    told = _show(number, done) & set(range(1, len(LESSONS) + 1))
    if told - done:
        done |= told
        st.rerun()  # the list of lessons stands above
    bar.progress(len(done) / len(LESSONS), say("learn.progress", done=len(done), count=len(LESSONS)))
    if number in done and number < len(LESSONS):
        st.button(say("learn.next"), key="learn-next", type="primary", on_click=_go, args=(number + 1,))
    if len(done) == len(LESSONS):
        st.success(say("learn.finished"), icon=":material/school:")
    return {"lesson": str(number)}


def _ask_lesson(done: set[int]) -> int:
    """The lesson, at first the one that the address names."""
    numbers = tuple(range(1, len(LESSONS) + 1))
    asked = st.query_params.get("lesson", "")
    if LESSON not in st.session_state:
        st.session_state[LESSON] = int(asked) if asked in map(str, numbers) else 1
    return kept_choice(
        say("learn.lessons"),
        numbers,
        LESSON,
        1,
        st.pills,
        format_func=lambda number: f"{'✓ ' if number in done else ''}{number} · {say(f'learn.lesson{number}')}",
        label_visibility="collapsed",
        required=True,
    )


def _go(number: int) -> None:
    st.session_state[LESSON] = number


def _show(number: int, completed: set[int]) -> set[int]:
    """The part of the page that a lesson uses; the lessons that the browser says are done."""
    lesson, done = LESSONS[number - 1], number in completed
    about = {"lesson": number, "check": lesson.check, "text": say(f"learn.lesson{number}_task")}
    task = {**about, "completed": sorted(completed), **lesson.begin}
    if lesson.part == "bench":
        return show_bench(task, done)
    alt = say("explore.alt", name=photo_name(PHOTO))
    image = photo_of(PHOTO)
    assert isinstance(image, ImageInput)  # it comes with vtviz
    if lesson.part == "inside":
        return show_inside(image, TEXT, alt, task, done)
    return show_network(image, TEXT, PHOTO, task=task, done=done)
