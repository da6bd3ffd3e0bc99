"""The test with people on the Audit page: is the model right about this photo and text?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from vtviz.audit.people.enter import enter_people
from vtviz.audit.people.questions import Question, draw_questions
from vtviz.audit.people.sessions import answer_to, people_results, save_session, sessions
from vtviz.audit.report.files import stored_report
from vtviz.audit.report.html import helped, shares
from vtviz.audit.requests import DrawCase
from vtviz.inputs import InputError
from vtviz.jobs.history import Entry
from vtviz.manifests.read import Manifest, read_manifest
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.waiting import ask

STATE = "audit-people"  # the id of the audit, its questions, and the answers so far


def show_people(entry: Entry, folder: Path) -> None:
    """The results so far, and the test: a question at a time."""
    state = st.session_state.get(STATE)
    if state is not None and state["entry"] != entry.id:
        state = None
    with st.expander(say("people.title"), icon=":material/groups:", expanded=state is not None):
        st.caption(say("people.about"))
        if state is not None:
            _ask_next(entry, folder, state)
            return
        results = people_results(folder)
        if results is not None:
            _show_results(results)
        if st.button(say("people.start"), icon=":material/play_arrow:", key="audit-people-start"):
            report = stored_report(folder)
            try:
                rows = _manifest(entry, report).rows
                questions = draw_questions(folder, report, rows, seed=len(sessions(folder)))
            except InputError as error:  # beside the button: the report above stays as it is
                st.warning(plain(say_error(error)), icon=":material/group_off:")
                return
            st.session_state[STATE] = {"entry": entry.id, "questions": questions, "answers": []}
            st.rerun()


def _manifest(entry: Entry, report: dict[str, Any]) -> Manifest:
    """The manifest of the audit. Raises InputError where it is another one by now."""
    manifest = read_manifest(entry.manifest, report["settings"].get("limit"))
    if manifest.sha256 != report["inputs"]["sha256"]:
        raise InputError("The manifest was changed since the audit; run the audit again.")
    return manifest


def _ask_next(entry: Entry, folder: Path, state: dict[str, Any]) -> None:
    questions, answers = state["questions"], state["answers"]
    place = len(answers)
    question: Question = questions[place]
    manifest = _manifest(entry, stored_report(folder))
    row = next(row for row in manifest.rows if row.number == question.row)
    st.progress(place / len(questions), say("people.place", place=place + 1, count=len(questions)))
    if question.method:
        picture = ask(DrawCase(question.model, question.method, row.photo(), row.text))
        st.image(picture, say("people.with_map"), alt=row.text)
    else:
        st.image(row.photo().to_pil(), say("people.without_map"), width=320, alt=row.text)
    st.markdown(f"**{plain(row.text)}**")
    st.markdown(say("people.question"))
    with st.container(horizontal=True):
        said_right = st.button(say("people.right"), icon=":material/thumb_up:", key=f"people-right-{place}")
        said_wrong = st.button(say("people.wrong"), icon=":material/thumb_down:", key=f"people-wrong-{place}")
        if st.button(say("people.stop"), icon=":material/close:", key=f"people-stop-{place}"):
            del st.session_state[STATE]
            st.rerun()
    if not (said_right or said_wrong):
        return
    answers.append(answer_to(question, said_right))
    if len(answers) == len(questions):
        del st.session_state[STATE]
        save_session(folder, answers)
        enter_people(folder)
    st.rerun()


def _show_results(results: dict[str, Any]) -> None:
    st.markdown(say("people.count", people=results["people"], answers=results["answers"]))
    for key, rate in (
        ("with", results["with_map"]),
        ("without", results["without_map"]),
        ("trusted_with", results["trusted"]["with_map"]),
        ("trusted_without", results["trusted"]["without_map"]),
    ):
        if rate is not None:
            st.markdown("- " + say(f"people.result.{key}", **shares(rate)))
    if results["difference"] is not None:
        st.markdown(say(f"people.verdict.{helped(results['difference'])}", **shares(results["difference"])))
