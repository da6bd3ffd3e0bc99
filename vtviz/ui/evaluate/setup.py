"""What to evaluate, and on which pairs."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from vtviz.errors import UserError
from vtviz.evaluation.pairs.read import SAMPLES, splits_in
from vtviz.evaluation.runs.settings import Settings
from vtviz.files import from_home, is_file
from vtviz.inputs import InputError
from vtviz.jobs.history import Entry
from vtviz.models.registry import model_infos
from vtviz.ui.ask.own_models import check_own_models
from vtviz.ui.ask.rows import OnServer, Rows, Uploaded, ask_rows, place_for, save_upload
from vtviz.ui.evaluate.address import PAGE
from vtviz.ui.frame.language import current_language, plain, say, say_error
from vtviz.ui.frame.resources import evaluation_jobs, training_jobs
from vtviz.ui.show.jobs import choose_job


def set_up() -> None:
    """What to evaluate; a button starts one evaluation per model."""
    st.subheader(say("evaluate.set_up"))
    rows = _ask_split(ask_rows(PAGE, "/data/flickr8k"))
    own = training_jobs().models()
    names = [*(info.name for info in model_infos() if info.available), *own]
    left, right = st.columns([2, 1])
    models = left.multiselect(
        say("evaluate.models"),
        names,
        default=names[:1],
        key="evaluate-models",
        help=say("evaluate.models_help"),
        format_func=lambda name: own.get(name, name),
    )
    limit = right.number_input(say("evaluate.limit"), 0, None, 0, help=say("evaluate.limit_help"), key="evaluate-limit")
    ready = rows is not None and bool(models)
    if st.button(say("evaluate.start"), type="primary", icon=":material/play_arrow:", disabled=not ready):
        assert rows is not None
        _start(rows, models, int(limit) or None)


def _start(rows: Rows, models: list[str], limit: int | None) -> None:
    entries: list[Entry] = []
    try:
        check_own_models(models)
        with place_for(rows) as folder:
            name, data = _data(rows, folder)
            try:
                for model in models:
                    settings = Settings(model, limit)
                    entries.append(evaluation_jobs().start(f"{model} · {name}", data, settings, current_language()))
            except InputError as error:
                if not entries:
                    raise
                st.toast(plain(say_error(error)), icon=":material/error:")  # those before it read the upload already
    except UserError as error:
        st.error(plain(say_error(error)), icon=":material/error:")
        return
    choose_job(PAGE, entries[0].id)
    st.rerun()


def _ask_split(rows: Rows | None) -> Rows | None:
    """Which file of a folder, where the path is one; None where nothing can be read there."""
    if not isinstance(rows, OnServer):
        return rows
    path = from_home(rows.path)
    if path.suffix.lower() in (".csv", ".jsonl") or is_file(path):
        return rows
    try:
        files = splits_in(path)
    except InputError as error:
        st.error(plain(say_error(error)), icon=":material/error:")
        return None
    chosen = st.selectbox(say("evaluate.split"), files, format_func=lambda file: file.name, key="evaluate-split")
    return OnServer(str(chosen))


def _data(rows: Rows, folder: Path) -> tuple[str, Path]:
    """A name for the data, and the file that holds the pairs, in the folder where it was uploaded."""
    if isinstance(rows, OnServer):
        path = from_home(rows.path)
        return f"{path.parent.name}/{path.name}" if path.parent.name else path.name, path
    if isinstance(rows, Uploaded):
        return rows.manifest.name, save_upload(rows, folder)
    return say("evaluate.source.demo"), SAMPLES
