"""The trainings of this person: the one on its way, what earlier ones made, and a table to compare them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from vtviz.attribution.options import Options
from vtviz.inputs import InputError
from vtviz.jobs.history import Entry
from vtviz.models.base import MATCH
from vtviz.spreadsheets import as_cell
from vtviz.training.recurrent.matching import LOSSES
from vtviz.training.run_files import STAGES, read_histories, read_run
from vtviz.ui.ask.models import trust
from vtviz.ui.ask.selection import select
from vtviz.ui.frame.charts import show_chart
from vtviz.ui.frame.language import plain, say, say_stored
from vtviz.ui.frame.pace import duration
from vtviz.ui.frame.resources import training_jobs
from vtviz.ui.frame.shell import go_to
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.show.jobs import JobList, show_jobs
from vtviz.ui.train.charts import FIGURES, TABLE, figure_name, figures_chart, losses_chart
from vtviz.ui.train.setup import PAGE
from vtviz.ui.train.watching import latest_maps, watch_it_learn
from vtviz.watch import Progress, as_clock

NAMED = ("scenes", "features", "training", *STAGES, "calibration")  # stages with a sentence of their own


def show_runs() -> None:
    """The list of trainings, and the chosen one."""
    show_jobs(JobList(PAGE, ":material/model_training:", training_jobs, progress_text, _show, _so_far, _offer_keeping))


def progress_text(now: Progress | None) -> str:
    """How far a training is, and the time left."""
    if now is None:
        return say("train.state.waiting")
    stage = "features" if now.stage.startswith("features") else now.stage
    text = say(f"train.stage.{stage if stage in NAMED else 'preparing'}", done=now.done, total=now.total)
    return text + (" · " + say("train.left", left=as_clock(now.seconds_left)) if now.seconds_left else "")


def _offer_keeping(entry: Entry) -> None:
    if st.button(say("train.keep"), icon=":material/check:", help=say("train.keep_help"), key="train-keep"):
        training_jobs().keep(entry.id)


def _show(entry: Entry) -> None:
    """What a finished training made; where its files are damaged it can still be deleted."""
    with errors_shown(st.container()):
        _show_made(entry)


def _show_made(entry: Entry) -> None:
    run = read_run(training_jobs().history.folder_of(entry.id))
    _headline(run)
    if st.button(say("train.use"), icon=":material/search:", key="train-use"):
        model = training_jobs().model_of(entry)
        trust(model)
        select(model=model, method=None, target=MATCH.kind, options=Options())
        go_to("explore")
    st.caption(say("train.model_name", name=plain(training_jobs().model_of(entry))))
    _refused(run)
    _curves(entry)
    watch_it_learn(entry)


def _headline(run: dict[str, Any]) -> None:
    figures = {**run.get("best", {}), **run.get("figures", {})}
    with st.container(horizontal=True):
        for name in FIGURES:
            if name in figures:
                st.metric(
                    figure_name(name),
                    f"{figures[name]:.3f}",
                    help=figure_name(name, about=True),
                    border=True,
                    width="content",
                )
        st.metric(say("train.time"), duration(run.get("seconds", 0.0)), border=True, width="content")


def _refused(run: dict[str, Any]) -> None:
    for note in run.get("notes", []):
        st.caption(plain(say_stored(note)))
    refused = run.get("refused", [])
    if refused:
        with st.expander(say("train.refused", count=len(refused)), icon=":material/warning:"):
            for row in refused:
                st.markdown(plain(say_stored(row)))


def _so_far(entry: Entry) -> None:
    """What there is to see of a training that is not finished: its curves, and the maps of its last check."""
    with errors_shown(st.container()):
        _curves(entry)
        latest_maps(entry)


def _curves(entry: Entry) -> None:
    """Losses and figures so far."""
    histories = read_histories(training_jobs().history.folder_of(entry.id))
    stage = _ask_stage(entry, list(histories))
    history = histories[stage]
    if len(history) < 2:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**{say('train.curves.losses')}**", help=say("train.curves.losses_help"))
        show_chart(losses_chart(history), f"train-losses-{entry.id}-{stage}", keep=True, alt=say("train.curves.losses"))
    with right:
        title = say("train.curves.figures")
        st.markdown(f"**{title}**", help=say("train.curves.figures_help"))
        show_chart(figures_chart(history), f"train-figures-{entry.id}-{stage}", keep=True, alt=title)
    last = history[-1]
    about = {"rate": f"{last['rate']:.2g}", "speed": f"{last['steps per second']:.1f}", "step": int(last["step"])}
    memory = training_jobs().memory_mb(entry.id)
    taken = "" if memory is None else " · " + say("train.memory", memory=f"{memory:.0f}")
    st.caption(say("train.now", **about) + taken)


def _ask_stage(entry: Entry, stages: list[str]) -> str:
    """The stage whose curves are shown: the last one that has begun, or one of the person's choice."""
    if len(stages) == 1:
        return stages[0]
    chosen = st.segmented_control(
        say("train.stage"),
        stages,
        default=stages[-1],
        key=f"train-stage-{entry.id}-{len(stages)}",
        format_func=lambda name: say(f"train.stage.name.{name}"),
        required=True,
    )
    return chosen or stages[-1]


def show_table() -> None:
    """All trainings of this person side by side."""
    jobs, rows = training_jobs(), []
    for entry in jobs.history.all():
        try:
            run = read_run(jobs.history.folder_of(entry.id))
        except InputError:  # which the training itself says, where it is chosen
            continue
        if not run:
            continue
        settings, figures = run.get("settings", {}), {**run.get("best", {}), **run.get("figures", {})}
        row = {
            say("train.run"): as_cell(entry.name),
            say("train.network"): say(f"train.network.{jobs.network_of(entry)}"),
            say("train.state"): say(f"train.state.{entry.state}"),
            say("train.photos"): str(run.get("photos", {}).get("train", "–")),
            say("train.width"): str(settings.get("width", "–")),
            say("train.epochs"): f"{settings['epochs']:g}" if "epochs" in settings else "–",
            say("train.losses"): ", ".join(say(f"train.loss.{n}") for n in LOSSES if n in settings.get("losses", ()))
            or "–",
        }
        row |= {figure_name(name): f"{figures[name]:.3f}" if name in figures else "–" for name in TABLE}
        rows.append(row | {say("train.time"): duration(run.get("seconds", 0.0))})
    if len(rows) > 1:
        st.subheader(say("train.table"))
        st.dataframe(rows, hide_index=True)
