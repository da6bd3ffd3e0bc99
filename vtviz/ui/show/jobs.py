"""The background jobs of a page: the list of them, the one on its way, and what a finished one made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from vtviz.jobs.background import Jobs
from vtviz.jobs.history import OPEN, Entry
from vtviz.ui.frame.language import current_language, plain, say, say_stored
from vtviz.watch import Progress

POLL = 1.0
ICONS = {
    "waiting": ":material/schedule:",
    "running": ":material/progress_activity:",
    "done": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
    "interrupted": ":material/pause_circle:",
}


@dataclass(frozen=True)
class JobList:
    """How a page shows its jobs.

    Args:
        page: the first part of its sentences and keys: ``audit``, ``evaluate``.
        icon: stands where there are none yet.
        jobs: gives the jobs.
        describe: how far one is, in words; None while it waits.
        show: what a finished one made.
        also: what there is to see of one that is not finished, if anything.
        steer: what else a person can do with one that runs.
    """

    page: str
    icon: str
    jobs: Callable[[], Jobs]
    describe: Callable[[Progress | None], str]
    show: Callable[[Entry], None]
    also: Callable[[Entry], None] = lambda entry: None
    steer: Callable[[Entry], None] = lambda entry: None


def choose_job(page: str, number: int) -> None:
    """Shows this job from the next run on: a widget's key cannot be set once it is drawn."""
    st.session_state[f"{page}-pending"] = number


def show_jobs(listed: JobList) -> None:
    """The list of jobs, and the chosen one."""
    entries, page = listed.jobs().history.all(), listed.page
    st.subheader(say(f"{page}.runs"))
    if not entries:
        st.info(say(f"{page}.no_runs"), icon=listed.icon)
        return
    key, numbers = f"{page}-chosen", [entry.id for entry in entries]
    pending = st.session_state.pop(f"{page}-pending", None)
    if pending in numbers:
        st.session_state[key] = pending
    if st.session_state.get(key) not in numbers:
        st.session_state[key] = numbers[0]
    titles = {entry.id: _title(page, entry) for entry in entries}
    chosen = st.selectbox(say(f"{page}.run"), numbers, format_func=titles.__getitem__, key=key)
    _show_job(listed, chosen)


def _title(page: str, entry: Entry) -> str:
    """When a job was begun and its name; and its state where it ended otherwise than it should.

    A list that is open keeps the words it was drawn with, so one that runs does not say so: it would do so for ever.
    """
    parts = [datetime.fromtimestamp(entry.created).strftime("%Y-%m-%d %H:%M"), entry.name]
    if entry.state not in (*OPEN, "done"):
        parts.append(say(f"{page}.state.{entry.state}"))
    return " · ".join(parts)


def _show_job(listed: JobList, number: int) -> None:
    """One job: how far it is, or what it made."""
    entry = listed.jobs().history.get(number)
    if entry is None:
        return
    if entry.state in OPEN:
        _watch(listed, number)
        return
    if entry.state != "done":
        box = st.error if entry.state == "failed" else st.info
        state, why = say(f"{listed.page}.state.{entry.state}"), plain(say_stored(entry.error))
        box(f"{state}: {why}" if why else state, icon=ICONS[entry.state])
        if st.button(say(f"{listed.page}.go_on"), icon=":material/play_arrow:"):
            listed.jobs().go_on(entry, current_language())
            st.rerun()
        listed.also(entry)
    else:
        listed.show(entry)
    _offer_deletion(listed, entry)


def _offer_deletion(listed: JobList, entry: Entry) -> None:
    with st.popover(say("jobs.delete"), icon=":material/delete:", type="tertiary"):
        st.markdown(say("jobs.delete_about", name=plain(entry.name)))
        if st.button(say("jobs.delete_sure"), type="primary", key=f"delete-{listed.page}-{entry.id}"):
            listed.jobs().remove(entry)
            st.rerun()


@st.fragment(run_every=POLL)
def _watch(listed: JobList, number: int) -> None:
    jobs = listed.jobs()
    entry, now = jobs.history.get(number), jobs.progress(number)
    if entry is None or entry.state not in OPEN:
        st.rerun()
        return
    st.progress(now.share if now else 0.0, text=listed.describe(now))
    st.caption(say(f"{listed.page}.leave"))
    with st.container(horizontal=True, gap="xsmall"):
        if st.button(say(f"{listed.page}.cancel"), icon=":material/stop:"):
            jobs.cancel(number)
        listed.steer(entry)
    listed.also(entry)
