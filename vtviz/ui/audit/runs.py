"""The audits of this server: the one on its way, and the reports of earlier ones."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from vtviz.jobs.history import OPEN, Entry
from vtviz.ui.audit.report import show_report
from vtviz.ui.frame.language import current_language, plain, say, say_stored
from vtviz.ui.frame.resources import audit_jobs
from vtviz.watch import Progress, as_clock

CHOSEN = "audit-chosen"
PENDING = "audit-pending"  # what CHOSEN becomes on the next run: a widget's key cannot be set once it is drawn
POLL = 1.0
ICONS = {
    "waiting": ":material/schedule:",
    "running": ":material/progress_activity:",
    "done": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
    "interrupted": ":material/pause_circle:",
}


def show_runs() -> None:
    """The list of audits, and the chosen one."""
    entries = audit_jobs().history.all()
    st.subheader(say("audit.runs"))
    if not entries:
        st.info(say("audit.no_runs"), icon=":material/fact_check:")
        return
    numbers = [entry.id for entry in entries]
    pending = st.session_state.pop(PENDING, None)
    if pending in numbers:
        st.session_state[CHOSEN] = pending
    if st.session_state.get(CHOSEN) not in numbers:
        st.session_state[CHOSEN] = numbers[0]
    by_number = {entry.id: entry for entry in entries}
    chosen = st.selectbox(say("audit.run"), numbers, format_func=lambda number: _title(by_number[number]), key=CHOSEN)
    _show_run(chosen)


def _title(entry: Entry) -> str:
    when = datetime.fromtimestamp(entry.created).strftime("%Y-%m-%d %H:%M")
    return f"{when} · {entry.name} · {say(f'audit.state.{entry.state}')}"


def _show_run(number: int) -> None:
    """One audit: how far it is, or its report."""
    entry = audit_jobs().history.get(number)
    if entry is None:
        return
    if entry.state in OPEN:
        _watch(number)
        return
    if entry.state != "done":
        box = st.error if entry.state == "failed" else st.info
        state, why = say(f"audit.state.{entry.state}"), plain(say_stored(entry.error))
        box(f"{state}: {why}" if why else state, icon=ICONS[entry.state])
        if st.button(say("audit.go_on"), icon=":material/play_arrow:"):
            audit_jobs().go_on(entry, current_language())
            st.rerun()
        return
    show_report(audit_jobs().history.folder_of(number))


@st.fragment(run_every=POLL)
def _watch(number: int) -> None:
    entry, now = audit_jobs().history.get(number), audit_jobs().progress(number)
    if entry is None or entry.state not in OPEN:
        st.rerun()
        return
    st.progress(now.share if now else 0.0, text=_progress_text(now))
    st.caption(say("audit.leave"))
    if st.button(say("audit.cancel"), icon=":material/stop:"):
        audit_jobs().cancel(number)


def _progress_text(now: Progress | None) -> str:
    if now is None:
        return say("audit.state.waiting")
    text = say(f"audit.stage.{now.stage}", done=now.done, total=now.total)
    if now.seconds_left is not None:
        text += " · " + say("audit.left", left=as_clock(now.seconds_left))
    return text + (" · " + say("audit.failed_rows", failed=now.failed) if now.failed else "")
