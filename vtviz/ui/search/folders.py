"""The photo folders that can be searched: their list, how far their index is, and a form for another one."""

from __future__ import annotations

import streamlit as st

from vtviz.engine.jobs.indexes import model_of
from vtviz.errors import UserError
from vtviz.jobs.history import OPEN, Entry
from vtviz.models.registry import DEFAULT_MODEL, model_infos
from vtviz.tasks.search.index import Indexed
from vtviz.ui.ask.choice import kept_choice
from vtviz.ui.ask.own_models import check_own_models
from vtviz.ui.ask.rows import SAMPLES, ask_photos, photos_name, photos_of
from vtviz.ui.frame.language import plain, say, say_error, say_stored
from vtviz.ui.frame.pace import duration
from vtviz.ui.frame.resources import index_jobs, training_jobs
from vtviz.ui.show.jobs import JobList, choose_job, show_jobs
from vtviz.ui.show.model_notes import model_label, show_model_notes
from vtviz.watch import Progress, as_clock

PAGE, CHOSEN, BEGUN, MODEL = "search", "search-collection", "search-begun", "search-model"
POLL = 0.7
SHOWN = 200  # unreadable files


def begin_with_samples() -> None:
    """On a first visit, the packaged photos are indexed at once, so that there is something to search."""
    if st.session_state.get(BEGUN):
        return
    st.session_state[BEGUN] = True
    jobs = index_jobs()
    if not jobs.history.all():
        jobs.start(say("search.source.demo"), SAMPLES)


def ask_folder() -> Entry | None:
    """The folder that is searched; None where there is none."""
    entries = {entry.id: entry for entry in index_jobs().history.all()}
    if not entries:
        return None
    number = kept_choice(
        say("search.folder"),
        list(entries),
        CHOSEN,
        next(iter(entries)),
        format_func=lambda number: _title(entries[number]),
        label_visibility="collapsed",
        width=260,
    )
    choose_job(PAGE, number)
    return entries[number]


def search_in(number: int) -> None:
    """Lets this folder be the one that is searched."""
    st.session_state[CHOSEN] = number


def show_folders() -> None:
    """The list of folders, and a form for another."""
    show_jobs(JobList(PAGE, ":material/photo_library:", index_jobs, progress_text, _show))
    st.divider()
    _set_up()


@st.fragment(run_every=POLL)
def follow(number: int) -> None:
    """How far the index of the searched folder is; the whole page comes again once it is done."""
    entry, now = index_jobs().history.get(number), index_jobs().progress(number)
    if entry is None or entry.state not in OPEN:
        st.rerun()
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(now.share if now else 0.0, text=progress_text(now))
        if st.button(say("search.cancel"), icon=":material/stop:", key="search-stop"):
            index_jobs().cancel(number)


def progress_text(now: Progress | None) -> str:
    """How far an index is, its pace and the time left."""
    if now is None or not now.stage:
        return say("search.state.waiting")
    parts = [say("search.indexing", done=now.done, total=now.total)]
    if now.seconds_left:
        parts.append(say("search.pace", pace=f"{(now.total - now.done) / now.seconds_left:.1f}"))
        parts.append(say("search.left", left=as_clock(now.seconds_left)))
    if now.failed:
        parts.append(say("search.failed", failed=now.failed))
    return " · ".join(parts)


def _title(entry: Entry) -> str:
    state = "" if entry.state == "done" else f" · {say(f'search.state.{entry.state}')}"
    name = photos_name(SAMPLES) if entry.manifest == SAMPLES.resolve() else entry.name
    return f"{name}{state}"


def _show(entry: Entry) -> None:
    """What the index of a folder holds, and what it could not read."""
    search_in(entry.id)
    done = index_jobs().result(entry.id)
    st.caption(say("search.of", folder=plain(str(entry.manifest)), model=plain(model_label(model_of(entry)))))
    if done is not None:
        _show_counts(done)
    if st.button(say("search.update"), icon=":material/sync:", help=say("search.update_help"), key="search-update"):
        index_jobs().go_on(entry)
        st.rerun()


def _show_counts(done: Indexed) -> None:
    values = {name: getattr(done, name) for name in ("added", "changed", "removed", "unchanged")}
    seconds = duration(done.seconds)
    st.markdown(say("search.counts", total=done.total, seconds=seconds, **values))
    if done.unreadable:
        title = say("search.unreadable", count=len(done.unreadable))
        with st.expander(title, icon=":material/broken_image:"):
            rows = [
                {say("search.file"): item.path, say("search.reason"): say_stored(item.reason)}
                for item in done.unreadable[:SHOWN]
            ]
            st.dataframe(rows, hide_index=True)


def _set_up() -> None:
    """Another folder, zip file or upload."""
    st.subheader(say("search.set_up"))
    given = ask_photos(PAGE)
    names = [info.name for info in model_infos()]
    own = training_jobs().models()
    left, right = st.columns(2)
    with left:
        model = kept_choice(
            say("pick.model"),
            [*names, *own],
            MODEL,
            DEFAULT_MODEL,
            format_func=lambda name: own.get(name) or model_label(name),
            help=say("search.model_help"),
        )
        show_model_notes(model)
    name = right.text_input(say("search.name"), placeholder=say("search.name_place"), max_chars=60, key="search-name")
    if st.button(say("search.start"), type="primary", icon=":material/play_arrow:", disabled=given is None):
        assert given is not None
        try:
            check_own_models([model])
            with photos_of(given) as photos:
                entry = index_jobs().start(name.strip() or photos_name(given), photos, model)
        except UserError as error:
            st.error(plain(say_error(error)), icon=":material/error:")
            return
        search_in(entry.id)
        choose_job(PAGE, entry.id)
        st.rerun()
