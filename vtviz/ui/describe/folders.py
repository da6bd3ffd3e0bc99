"""One question to all photos of a folder: a background job, and its answers as files."""

from __future__ import annotations

import streamlit as st

from vtviz.engine.jobs.questions import to_csv, to_json
from vtviz.inputs import MAX_CHARACTERS, InputError
from vtviz.jobs.history import Entry
from vtviz.ui.ask.rows import ask_photos, photos_of
from vtviz.ui.ask.selection import text_language
from vtviz.ui.frame.language import plain, say, say_error, say_stored
from vtviz.ui.frame.resources import question_jobs
from vtviz.ui.show.jobs import JobList, choose_job, show_jobs
from vtviz.watch import Progress, as_clock

PAGE = "questions"
SHOWN = 1000  # rows on the page; files hold all


def show_folder_questions() -> None:
    """The list of questions, the chosen one, and a form for another."""
    show_jobs(JobList(PAGE, ":material/quiz:", question_jobs, progress_text, _show, _so_far))
    st.divider()
    st.subheader(say("questions.set_up"))
    question = st.text_input(
        say("questions.question"),
        key="questions-question",
        max_chars=MAX_CHARACTERS,
        placeholder=say(f"describe.first_question_{text_language()}"),
        persist_state="session",
    )
    given = ask_photos(PAGE)
    ready = given is not None and bool(question.strip())
    if st.button(say("questions.start"), type="primary", icon=":material/play_arrow:", disabled=not ready):
        assert given is not None
        try:
            with photos_of(given) as photos:
                entry = question_jobs().start(photos, question)
        except InputError as error:
            st.error(plain(say_error(error)), icon=":material/error:")
            return
        choose_job(PAGE, entry.id)
        st.rerun()


def progress_text(now: Progress | None) -> str:
    """How far it is, and the time left."""
    if now is None:
        return say("questions.state.waiting")
    parts = [say("questions.photos_done", done=now.done, total=now.total)]
    if now.seconds_left:
        parts.append(say("questions.pace", pace=f"{(now.total - now.done) / now.seconds_left:.1f}"))
        parts.append(say("questions.left", left=as_clock(now.seconds_left)))
    return " · ".join(parts)


def _show(entry: Entry) -> None:
    """The answers, how many there are, and the files."""
    rows = question_jobs().answers(entry.id)
    told, unread = sum(bool(row.answer) for row in rows), sum(bool(row.error) for row in rows)
    st.markdown(say("questions.told", told=told, total=len(rows), unread=unread))
    with st.container(horizontal=True):
        st.download_button(
            "answers.csv", lambda: to_csv(rows), "answers.csv", "text/csv", icon=":material/table:", on_click="ignore"
        )
        st.download_button(
            "answers.json",
            lambda: to_json(entry.name, rows),
            "answers.json",
            "application/json",
            icon=":material/data_object:",
            on_click="ignore",
        )
    _table(entry)


def _so_far(entry: Entry) -> None:
    if question_jobs().answers(entry.id):
        _table(entry)


def _table(entry: Entry) -> None:
    rows = question_jobs().answers(entry.id)
    shown = [
        {
            say("questions.photo"): row.photo,
            say("questions.answer"): row.answer or ("" if row.error else say("describe.cannot_tell")),
            say("questions.likeliest"): row.likeliest,
            say("questions.probability"): "" if row.probability is None else f"{row.probability:.0%}",
            say("questions.error"): say_stored(row.error),
        }
        for row in rows[:SHOWN]
    ]
    st.dataframe(shown, hide_index=True)
    if len(rows) > SHOWN:
        st.caption(say("questions.first", count=SHOWN))
