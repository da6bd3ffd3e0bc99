"""An audit on its way: the row that was measured last with its heatmap, the figures so far, and what is to come."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from vtviz.audit.cost.count import Cost, expected_cost
from vtviz.audit.live import Moment, moment_of
from vtviz.audit.settings import RANDOM
from vtviz.jobs.history import Entry
from vtviz.metrics.registry import metrics
from vtviz.ui.audit.cost import told_parts
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.names import method_name, metric_name
from vtviz.ui.frame.resources import audit_jobs

STAGES = {"rows": ("rows", "wrong_texts", "choices"), "checks": ("checks",), "planted": ("planted",)}
LAST = ("report",)


def show_live(entry: Entry) -> None:
    """What there is to see of an audit that is not done: one that waits says how many are ahead."""
    jobs = audit_jobs()
    folder, now = jobs.history.folder_of(entry.id), jobs.progress(entry.id)
    if entry.state == "waiting" and (ahead := jobs.ahead(entry.id)):
        st.caption(say("audit.live.ahead", ahead=ahead))
    if entry.state == "running" and now is not None:
        _show_to_come(folder, now.stage)
    moment = moment_of(folder)
    if moment is not None:
        _show_moment(moment, len(json.loads(entry.settings)["models"]) > 1)


def _show_to_come(folder: Path, stage: str) -> None:
    """The parts after the present stage, with the time that each was said to take."""
    cost: Cost | None = expected_cost(folder)
    if cost is None or stage not in STAGES:
        return
    later = [*STAGES, "report"][[*STAGES].index(stage) + 1 :]
    parts = [name for name in later if name in cost.parts]
    if parts:
        st.caption(say("audit.live.to_come", parts=told_parts(cost, parts)))


def _show_moment(moment: Moment, several: bool) -> None:
    about = plain(moment.text)
    left, right = st.columns([3, 2])
    left.image(
        moment.picture,
        caption=say("audit.live.picture", method=method_name(moment.method)),
        alt=about,
        width="stretch",
    )
    with right:
        st.markdown(f"**{say('audit.live.row', row=moment.row)}** · {plain(moment.image)}")
        st.markdown(about)
        verdict = {True: "accepted", False: "rejected", None: "score"}[moment.accepted]
        model = f"{plain(moment.model)}: " if several else ""
        st.markdown(model + say(f"audit.live.{verdict}", score=f"{moment.score:.2f}"))
    st.caption(say("audit.live.figures", rows=moment.rows))
    for model, figures in moment.figures.items():
        if several:
            st.markdown(f"**{plain(model)}**")
        names = [name for name in metrics() if any(name in values for values in figures.values())]
        columns = {
            _method(method): [f"{values[name]:.3f}" if name in values else "–" for name in names]
            for method, values in figures.items()
        }
        st.dataframe({say("audit.report.metric"): [metric_name(name) for name in names], **columns})


def _method(name: str) -> str:
    return say("audit.random") if name == RANDOM else method_name(name)
