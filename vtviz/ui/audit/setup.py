"""What to audit, and how."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from vtviz.attribution.masked import FILLS, Fill
from vtviz.attribution.registry import methods
from vtviz.audit.history import data_folder
from vtviz.audit.settings import Settings
from vtviz.audit.uploads import save_rows, save_uploads
from vtviz.files import from_home
from vtviz.image_files.formats import SUFFIXES
from vtviz.inputs import InputError
from vtviz.metrics.registry import DEFAULTS, find_metric, metrics
from vtviz.models.registry import model_infos
from vtviz.paths import ASSETS
from vtviz.ui.ask.choice import kept_choice
from vtviz.ui.ask.own_models import is_local
from vtviz.ui.audit.runs import PENDING
from vtviz.ui.frame.language import current_language, plain, say, say_error
from vtviz.ui.frame.names import method_name, metric_about, metric_name
from vtviz.ui.frame.resources import audit_jobs, samples

SOURCES = ("demo", "upload", "path")
METHODS = ["raw_attention", "attention_gradcam"]  # to begin with
MANIFESTS = ["csv", "tsv", "txt", "json", "jsonl"]


@dataclass(frozen=True)
class Demo:
    """The packaged photos with the texts that describe them."""


@dataclass(frozen=True)
class OnServer:
    """A manifest on this machine."""

    path: str


@dataclass(frozen=True)
class Uploaded:
    """A manifest and its photos, uploaded."""

    manifest: UploadedFile
    photos: list[UploadedFile]


Rows = Demo | OnServer | Uploaded


def set_up() -> None:
    """What to audit, and how; a button starts it."""
    st.subheader(say("audit.set_up"))
    rows = _ask_rows()
    settings = _ask_settings()
    ready = rows is not None and settings is not None
    if st.button(say("audit.start"), type="primary", icon=":material/play_arrow:", disabled=not ready):
        assert rows is not None and settings is not None
        try:
            name, manifest = _save(rows)
            entry = audit_jobs().start(name, manifest, settings, current_language())
            st.session_state[PENDING] = entry.id
            st.rerun()
        except InputError as error:
            st.error(plain(say_error(error)), icon=":material/error:")


def _ask_rows() -> Rows | None:
    """Where the rows come from, or None where that is not complete."""
    source = kept_choice(
        say("audit.source"),
        SOURCES if is_local() else SOURCES[:2],
        "audit-source",
        SOURCES[0],
        st.segmented_control,
        format_func=lambda name: say(f"audit.source.{name}"),
        required=True,
    )
    if source == "demo":
        st.caption(say("audit.demo_about", count=len(samples())))
        return Demo()
    if source == "path":
        path = st.text_input(say("audit.path"), placeholder="/data/manifest.jsonl", help=say("audit.manifest_help"))
        return OnServer(path.strip()) if path.strip() else None
    left, right = st.columns(2)
    manifest = left.file_uploader(say("audit.manifest"), type=MANIFESTS, help=say("audit.manifest_help"))
    photos = right.file_uploader(say("audit.photos"), type=list(SUFFIXES), accept_multiple_files=True)
    return Uploaded(manifest, photos) if manifest is not None and photos else None


def _ask_settings() -> Settings | None:
    """The models and methods to audit, and by which metrics; None where there are none of one of these."""
    left, right = st.columns(2)
    names = [info.name for info in model_infos() if info.available]
    models = left.multiselect(say("audit.models"), names, default=names[:1], key="audit-models")
    chosen_methods = kept_choice(
        say("audit.methods"),
        list(methods()),
        "audit-methods",
        METHODS,
        right.multiselect,
        format_func=method_name,
        help=say("audit.methods_help"),
    )
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
        tuple(models), tuple(chosen_methods), tuple(chosen_metrics), fill, int(steps), int(seed), int(limit) or None
    )


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


def _save(rows: Rows) -> tuple[str, Path]:
    """A name for the audit, and its manifest; uploads get a folder of their own."""
    if isinstance(rows, OnServer):
        path = from_home(rows.path)
        return path.name, path
    folder = data_folder() / "uploads" / uuid.uuid4().hex[:12]
    if isinstance(rows, Uploaded):
        manifest = (rows.manifest.name, rows.manifest.getvalue())
        return manifest[0], save_uploads(folder, manifest, ((photo.name, photo.getvalue()) for photo in rows.photos))
    lines = [
        {"image": str(ASSETS / "samples" / sample.file), "text": sample.texts[0], "group": sample.name}
        for sample in samples().values()
    ]
    return say("audit.source.demo"), save_rows(folder, lines)
