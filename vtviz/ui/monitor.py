"""What the engine did lately, in charts that update by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import get_args

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from vtviz.engine.engine import Status
from vtviz.engine.requests.explain import STAGES
from vtviz.engine.run_log import EXPLAIN, KEPT, RunEntry
from vtviz.jobs.background import Jobs
from vtviz.jobs.history import OPEN
from vtviz.models.base import ScoreKind
from vtviz.models.registry import opened_path
from vtviz.spreadsheets import as_cell
from vtviz.ui.frame.charts import show_chart
from vtviz.ui.frame.language import plain, say, say_or, say_stored
from vtviz.ui.frame.person.who import is_shared
from vtviz.ui.frame.resources import (
    audit_jobs,
    evaluation_jobs,
    index_jobs,
    policy_jobs,
    question_jobs,
    shared_engine,
    training_jobs,
)
from vtviz.ui.frame.scores import score_name
from vtviz.ui.frame.shell import page_named
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.show.history import asked_texts

POLL = 2.0
JOBS: dict[str, tuple[str, Callable[[], Jobs]]] = {
    "audit": (":material/fact_check:", audit_jobs),
    "evaluate": (":material/analytics:", evaluation_jobs),
    "train": (":material/model_training:", training_jobs),
    "search": (":material/photo_library:", index_jobs),
    "policy": (":material/rule:", policy_jobs),
    "describe": (":material/quiz:", question_jobs),
}
MINUTE = 60.0


@st.fragment(run_every=POLL)
def live() -> None:
    """Figures of this moment, and of the last explanations."""
    status = shared_engine().status()
    entries = [entry for entry in status.runs if entry.request == EXPLAIN]
    _now(status, entries)
    with errors_shown(st.container()):
        _jobs()
    if not entries:
        st.info(say("monitor.empty"), icon=":material/monitoring:")
        return
    made = [entry for entry in entries if entry.error is None]
    left, right = st.columns(2)
    with left:
        _titled("stages", _stages(made))
        _titled("score", _scores(made))
    with right:
        _titled("memory_wait", _lines(entries, {say("monitor.memory_mb"): [entry.memory_mb for entry in entries]}))
        measured = [entry for entry in made if entry.faithfulness]
        if measured:
            _titled("faithfulness", _faithfulness(measured))
        else:
            st.markdown(f"**{say('monitor.faithfulness')}**", help=say("monitor.faithfulness_help"))
            st.caption(say("monitor.no_faithfulness"))
    with st.expander(say("monitor.table", count=min(len(status.runs), KEPT)), icon=":material/table_rows:"):
        st.dataframe(_table(status.runs), hide_index=True)


def _now(status: Status, entries: Sequence[RunEntry]) -> None:
    now = time.time()
    spent = [entry.timings_ms["total"] for entry in entries if entry.timings_ms]
    values = {
        "throughput": str(sum(now - entry.at < MINUTE for entry in entries)),
        "median": f"{np.median(spent):.0f} ms" if spent else "–",
        "waited": f"{np.median([entry.waited_ms for entry in entries]):.0f} ms" if entries else "–",
        "queue": f"{status.waiting} / {status.places}",
        "memory": f"{status.memory_mb:.0f} MiB",
        "failed": str(sum(entry.error is not None for entry in entries)),
    }
    with st.container(horizontal=True):
        for name, value in values.items():
            st.metric(say(f"monitor.{name}"), value, help=say(f"monitor.{name}_help"), width="content", border=True)
    st.caption(say("monitor.device", device=say_stored(status.device), kept=KEPT))


def _without_path(model: str) -> str:
    """The name of a model, without the file that it opens."""
    path = opened_path(model)
    return model.replace(path, "…") if path else model


def _jobs() -> None:
    """The jobs on their way, each with a link to its page."""
    for page, (icon, jobs) in JOBS.items():
        for entry in jobs().history.all():
            if entry.state in OPEN:
                now = jobs().progress(entry.id)
                text = say("monitor.job", page=say(f"page.{page}"), name=plain(entry.name))
                st.progress(now.share if now else 0.0, text=text)
                st.page_link(page_named(page), label=say("monitor.open", page=say(f"page.{page}")), icon=icon)


def _titled(name: str, chart: go.Figure) -> None:
    st.markdown(f"**{say(f'monitor.{name}')}**", help=say(f"monitor.{name}_help"))
    show_chart(chart, f"monitor-{name}")


def _when(entries: Sequence[RunEntry]) -> list[str]:
    return [datetime.fromtimestamp(entry.at).strftime("%H:%M:%S") for entry in entries]


def _layout(chart: go.Figure, top: float | None = None) -> go.Figure:
    chart.update_layout(height=260)
    chart.update_yaxes(range=[0, top] if top else None, rangemode="tozero")
    return chart.update_xaxes(title=say("monitor.number"), dtick=1 if len(chart.data[0].x) < 12 else None)


def _stages(entries: Sequence[RunEntry]) -> go.Figure:
    """The time of each stage, on a scale where a millisecond and a minute can both be read."""
    chart = go.Figure()
    for stage in STAGES:
        chart.add_scatter(
            mode="lines+markers",
            x=list(range(1, len(entries) + 1)),
            y=[entry.timings_ms.get(stage) or None for entry in entries],
            name=say(f"stage.{stage}"),
            customdata=_when(entries),
            hovertemplate="%{customdata}: %{y:.0f} ms",
        )
    return _layout(chart).update_yaxes(type="log", title="ms", rangemode="normal", dtick=1)


def _scores(entries: Sequence[RunEntry]) -> go.Figure:
    """Probabilities and entropies from 0 to 1; scores of other kinds on an axis of their own, at the right."""
    entropies = [entry.entropy for entry in entries]
    lines = {score_name("probability"): _of_kind(entries, "probability"), say("monitor.entropy"): entropies}
    chart = _lines(entries, lines, 1.0)
    others = [kind for kind in _kinds(entries) if kind != "probability"]
    for kind in others:
        _add_line(chart, entries, score_name(kind), _of_kind(entries, kind), axis="y2")
    if others:
        title = " · ".join(score_name(kind) for kind in others)
        chart.update_layout(yaxis2={"overlaying": "y", "side": "right", "showgrid": False, "title": title})
    return chart


def _kinds(entries: Sequence[RunEntry]) -> list[ScoreKind]:
    """The kinds of scores among runs."""
    known = {entry.score_kind for entry in entries if entry.score is not None}
    return [kind for kind in get_args(ScoreKind) if kind in known]


def _of_kind(entries: Sequence[RunEntry], kind: ScoreKind) -> list[float | None]:
    """The score of each run, None where it is of another kind."""
    return [entry.score if entry.score_kind == kind else None for entry in entries]


def _lines(entries: Sequence[RunEntry], lines: dict[str, list[float | None]], top: float | None = None) -> go.Figure:
    """A line for each name, of a value for each run."""
    chart = go.Figure()
    for name, values in lines.items():
        _add_line(chart, entries, name, values)
    return _layout(chart, top)


def _add_line(
    chart: go.Figure, entries: Sequence[RunEntry], name: str, values: list[float | None], axis: str = "y"
) -> None:
    chart.add_scatter(
        x=list(range(1, len(entries) + 1)),
        y=values,
        yaxis=axis,
        mode="lines+markers",
        name=name,
        customdata=_when(entries),
        hovertemplate="%{customdata}: %{y:.3g}",
        showlegend=True,
    )


def _faithfulness(entries: Sequence[RunEntry]) -> go.Figure:
    names = ("insertion", "random_insertion", "deletion", "random_deletion")
    lines = {say(f"monitor.{name}"): [entry.faithfulness.get(name) for entry in entries] for name in names}
    return _lines(entries, lines, 1.0)


def _table(entries: Sequence[RunEntry]) -> list[dict[str, object]]:
    """The latest run first, with a column for each kind of score; texts, and the files of models, are only those of the
    person who looks."""
    kinds, texts = _kinds(entries), asked_texts()
    return [
        {
            say("monitor.time"): when,
            say("monitor.request"): say_or(f"monitor.request.{entry.request}", entry.request),
            say("monitor.text"): as_cell(texts.get(entry.key, "")),
            say("monitor.model"): as_cell(_model_shown(entry, entry.key in texts)),
            say("monitor.method"): entry.method,
            **{score_name(kind): entry.score if entry.score_kind == kind else None for kind in kinds},
            say("monitor.total"): entry.timings_ms.get("total"),
            say("monitor.wait"): entry.waited_ms,
            say("monitor.failure"): entry.error or "",
        }
        for when, entry in zip(_when(entries)[::-1], entries[::-1], strict=True)
    ]


def _model_shown(entry: RunEntry, is_own: bool) -> str:
    """The model of a run, where several use this server without the path of what another of them trained."""
    return _without_path(entry.model) if is_shared() and not is_own else entry.model
