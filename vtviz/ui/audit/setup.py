"""What to audit, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vtviz.attribution.masked import FILLS, Fill
from vtviz.attribution.registry import methods
from vtviz.audit.settings import MOST_PLANTED, MOST_WRONG, Settings
from vtviz.errors import UserError
from vtviz.files import from_home
from vtviz.manifests.save import save_rows, save_written
from vtviz.metrics.registry import DEFAULTS, find_metric, metrics
from vtviz.models.registry import model_infos
from vtviz.paths import ASSETS
from vtviz.ui.ask.choice import kept_choice
from vtviz.ui.ask.own_models import check_own_models
from vtviz.ui.ask.rows import OnServer, Rows, Uploaded, Written, ask_rows, place_for, save_upload
from vtviz.ui.ask.selection import text_language
from vtviz.ui.audit.cost import PLANTED, WRONG, known_cost, show_cost
from vtviz.ui.audit.runs import PAGE
from vtviz.ui.audit.terms import ask_terms
from vtviz.ui.audit.written import ask_written
from vtviz.ui.frame.language import current_language, plain, say, say_error
from vtviz.ui.frame.names import method_name, metric_about, metric_name
from vtviz.ui.frame.resources import audit_jobs, samples, training_jobs
from vtviz.ui.show.jobs import choose_job

COUNTS = {"wrong_texts": (WRONG, MOST_WRONG), "planted": (PLANTED, MOST_PLANTED)}  # as usual, and at most
METHODS = ["raw_attention", "attention_gradcam"]  # to begin with
STARTED = "audit-started"  # until that is said below the button: the list of audits is out of sight there


def set_up() -> None:
    """What to audit, how, and by which terms; then what it costs, and a button that starts it."""
    st.subheader(say("audit.set_up"))
    with st.container(border=True):
        st.markdown(f"**{say('contract.step.what')}**")
        rows = ask_rows(PAGE, "/data/manifest.jsonl", ask_written)
    with st.container(border=True):
        st.markdown(f"**{say('contract.step.how')}**")
        extras: dict[str, DeltaGenerator] = {}
        settings = _ask_settings(extras)
    with st.container(border=True):
        st.markdown(f"**{say('contract.step.terms')}**")
        terms = ask_terms()
    place, ready = st.container(), rows is not None and settings is not None
    clicked = st.button(say("audit.start"), type="primary", icon=":material/play_arrow:", disabled=not ready)
    if st.session_state.pop(STARTED, False):
        st.success(say("audit.started"), icon=":material/arrow_upward:")
    if rows is None or settings is None:
        return
    if not clicked:
        show_cost(rows, settings, place, extras)
        return
    try:
        check_own_models(settings.models)
        with place_for(rows) as folder:
            name, manifest = _save(rows, folder)
            cost = known_cost(rows, settings)
            entry = audit_jobs().start(name, manifest, settings, current_language(), terms, cost)
    except UserError as error:
        st.error(plain(say_error(error)), icon=":material/error:")
        return
    choose_job(PAGE, entry.id)
    st.session_state[STARTED] = True
    st.rerun()


def _ask_settings(extras: dict[str, DeltaGenerator]) -> Settings | None:
    """The models and methods to audit, and by which metrics; None where there are none of one of these. ``extras`` gets
    a place for the cost of each extra."""
    left, right = st.columns(2)
    own = training_jobs().models()
    names = [*(info.name for info in model_infos() if info.available), *own]
    models = left.multiselect(
        say("audit.models"), names, default=names[:1], key="audit-models", format_func=lambda name: own.get(name, name)
    )
    chosen_methods = kept_choice(
        say("audit.methods"),
        list(methods()),
        "audit-methods",
        METHODS,
        right.multiselect,
        format_func=method_name,
        help=say("audit.methods_help"),
    )
    chosen_extras = _ask_extras(extras)
    with st.expander(say("audit.more"), icon=":material/tune:"):
        chosen_metrics = _ask_metrics()
        one, two, three, four = st.columns(4)
        fill: Fill = kept_choice(
            say("audit.fill"),
            FILLS,
            "audit-fill",
            FILLS[0],
            one.selectbox,
            format_func=lambda name: say(f"audit.fill.{name}"),
            help=say("audit.fill_help"),
        )
        steps = two.number_input(say("audit.steps"), 2, 50, 8, help=say("audit.steps_help"))
        seed = three.number_input(say("audit.seed"), 0, 2**31 - 1, 0, help=say("audit.seed_help"))
        limit = four.number_input(say("audit.limit"), 0, None, 0, help=say("audit.limit_help"))
    if not (models and chosen_methods and chosen_metrics):
        return None
    return Settings(
        tuple(models),
        tuple(chosen_methods),
        tuple(chosen_metrics),
        fill,
        int(steps),
        int(seed),
        int(limit) or None,
        **chosen_extras,
    )


def _ask_extras(places: dict[str, DeltaGenerator]) -> dict[str, Any]:
    """What else is measured, where a person wants it; ``places`` gets a place for the cost of each."""
    columns, chosen = st.columns(4), dict[str, Any]()
    for column, name in zip(columns, ("wrong_texts", "choices", "planted", "agreement"), strict=True):
        with column:
            on = st.toggle(say(f"audit.extra.{name}"), key=f"audit-extra-{name}", help=say(f"audit.extra.{name}_help"))
            if on and name in COUNTS:
                usual, most = COUNTS[name]
                chosen[name] = int(st.number_input(say(f"audit.extra.{name}_count"), 1, most, usual))
            elif on:
                chosen[name] = True
            places[name] = st.empty()
    places.pop("agreement").caption(say("audit.cost.free"))
    return chosen


def _ask_metrics() -> list[str]:
    chosen = kept_choice(
        say("audit.metrics"),
        list(metrics()),
        "audit-metrics",
        list(DEFAULTS),
        st.multiselect,
        format_func=lambda name: f"{metric_name(name)} · {say(f'audit.family.{find_metric(name).family}')}",
        help=say("audit.metrics_help"),
    )
    with st.popover(say("audit.report.meaning"), icon=":material/help:"):
        st.markdown("\n".join(f"- **{metric_name(name)}**: {metric_about(name)}" for name in metrics()))
    return chosen


def _save(rows: Rows, folder: Path) -> tuple[str, Path]:
    """A name for the audit, and its manifest, in the folder where it is not a file of this machine."""
    if isinstance(rows, OnServer):
        path = from_home(rows.path)
        return path.name, path
    if isinstance(rows, Uploaded):
        return rows.manifest.name, save_upload(rows, folder)
    if isinstance(rows, Written):
        photos = [(photo.name, photo.getvalue(), said) for photo, said in zip(rows.photos, rows.texts, strict=True)]
        return say("audit.own.name", photos=len(photos)), save_written(folder, photos)
    lines = [
        {
            "image": str(ASSETS / "samples" / sample.file),
            "text": sample.texts_in(text_language())[0],
            "group": sample.name,
        }
        for sample in samples().values()
    ]
    return say("audit.source.demo"), save_rows(folder, lines)
