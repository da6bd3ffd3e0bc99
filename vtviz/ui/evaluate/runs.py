"""The evaluations of this server: the one on its way, and the results of earlier ones."""

from __future__ import annotations

import streamlit as st

from vtviz.jobs.history import Entry
from vtviz.ui.evaluate.address import PAGE
from vtviz.ui.evaluate.results import show_results
from vtviz.ui.frame.language import say
from vtviz.ui.frame.resources import evaluation_jobs
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.show.jobs import JobList, show_jobs
from vtviz.watch import Progress, as_clock


def show_runs() -> None:
    """The list of evaluations, and the chosen one."""
    show_jobs(JobList(PAGE, ":material/analytics:", evaluation_jobs, progress_text, _show))


def _show(entry: Entry) -> None:
    with errors_shown(st.container()):
        show_results(entry)


def progress_text(now: Progress | None) -> str:
    """How far an evaluation is, its pace, and the time left."""
    if now is None:
        return say("evaluate.state.waiting")
    parts = [say(f"evaluate.stage.{now.stage}", done=now.done, total=now.total)]
    if now.seconds_left:
        parts.append(say("evaluate.pace", pace=f"{(now.total - now.done) / now.seconds_left:.1f}"))
        parts.append(say("evaluate.left", left=as_clock(now.seconds_left)))
    if now.failed:
        parts.append(say("evaluate.failed_photos", failed=now.failed))
    return " · ".join(parts)
