"""The policy on labelled rows: a background job, and how often each rule was right."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from vtviz.files import from_home
from vtviz.inputs import InputError
from vtviz.jobs.history import Entry
from vtviz.paths import ASSETS
from vtviz.tasks.policy.rows import read_rows
from vtviz.ui.ask.rows import OnServer, Rows, Uploaded, ask_rows, place_for, save_upload
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.resources import policy_jobs
from vtviz.ui.policy.edit import current_policy, written_policy
from vtviz.ui.policy.figures import show_figures
from vtviz.ui.show.jobs import JobList, choose_job, show_jobs
from vtviz.watch import Progress, as_clock

PAGE = "policy"
EXAMPLE = ASSETS / "policies" / "example.csv"


def show_evaluation() -> None:
    """The list of evaluations, the chosen one, and a form for another."""
    show_jobs(JobList(PAGE, ":material/rule:", policy_jobs, progress_text, _show))
    st.divider()
    st.subheader(say("policy.set_up"))
    st.caption(say("policy.set_up_about"))
    rows = ask_rows(PAGE, "/data/labelled.csv")
    if st.button(say("policy.start"), type="primary", icon=":material/play_arrow:", disabled=rows is None):
        assert rows is not None
        try:
            policy = current_policy()
            with place_for(rows) as folder:
                manifest = _manifest(rows, {rule.name for rule in policy.rules}, folder)
                entry = policy_jobs().start(policy.name, written_policy(), manifest)
        except InputError as error:
            st.error(plain(say_error(error)), icon=":material/error:")
            return
        choose_job(PAGE, entry.id)
        st.rerun()


def progress_text(now: Progress | None) -> str:
    """How far an evaluation is, and the time left."""
    if now is None:
        return say("policy.state.waiting")
    parts = [say("policy.rows_done", done=now.done, total=now.total)]
    if now.seconds_left:
        parts.append(say("policy.left", left=as_clock(now.seconds_left)))
    if now.failed:
        parts.append(say("policy.failed_rows", failed=now.failed))
    return " · ".join(parts)


def _show(entry: Entry) -> None:
    show_figures(entry)


def _manifest(rows: Rows, known: set[str], folder: Path) -> Path:
    """The file of the rows; uploads go to a folder of their own."""
    if isinstance(rows, OnServer):
        return from_home(rows.path)
    if isinstance(rows, Uploaded):
        return save_upload(rows, folder, lambda path: read_rows(path, known))
    return EXAMPLE
