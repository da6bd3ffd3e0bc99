"""The audits of this server: the one on its way, and the reports of earlier ones."""

from __future__ import annotations

from vtviz.jobs.history import Entry
from vtviz.ui.audit.live import show_live
from vtviz.ui.audit.people import show_people
from vtviz.ui.audit.report import show_report
from vtviz.ui.audit.second import show_comparison
from vtviz.ui.frame.language import say
from vtviz.ui.frame.resources import audit_jobs
from vtviz.ui.show.jobs import JobList, show_jobs
from vtviz.watch import Progress, as_clock

PAGE = "audit"


def show_runs() -> None:
    """The list of audits, and the chosen one."""
    show_jobs(JobList(PAGE, ":material/fact_check:", audit_jobs, _progress_text, _show, show_live))


def _show(entry: Entry) -> None:
    folder = audit_jobs().history.folder_of(entry.id)
    show_report(folder)
    show_comparison(entry, audit_jobs().history)
    show_people(entry, folder)


def _progress_text(now: Progress | None) -> str:
    if now is None:
        return say("audit.state.waiting")
    text = say(f"audit.stage.{now.stage}", done=now.done, total=now.total)
    if now.seconds_left is not None:
        text += " · " + say("audit.left", left=as_clock(now.seconds_left))
    return text + (" · " + say("audit.failed_rows", failed=now.failed) if now.failed else "")
