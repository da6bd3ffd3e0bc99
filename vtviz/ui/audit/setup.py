"""What to audit, and how."""

from __future__ import annotations

import uuid
from pathlib import Path

import streamlit as st

from vtviz.attribution.masked import FILLS
from vtviz.attribution.registry import methods
from vtviz.audit.history import data_folder
from vtviz.audit.settings import Settings
from vtviz.audit.uploads import save_rows, save_uploads
from vtviz.files import from_home
from vtviz.inputs import InputError
from vtviz.metrics.registry import DEFAULTS, metrics
from vtviz.models.registry import model_infos
from vtviz.paths import ASSETS
from vtviz.ui.audit.runs import PENDING, audit_jobs
from vtviz.ui.frame.language import current_language, plain, say, say_error, say_or
from vtviz.ui.frame.names import metric_about, metric_name
from vtviz.ui.frame.resources import samples

SOURCES = ("demo", "upload", "path")


LOCAL = ("127.0.0.1", "localhost")


def set_up() -> None:
    """What to audit, and how; a button starts it."""
    st.subheader(say("audit.set_up"))
    sources = SOURCES if st.get_option("server.address") in LOCAL else SOURCES[:2]
    source = st.segmented_control(
        say("audit.source"),
        sources,
        default="demo",
        required=True,
        format_func=lambda name: say(f"audit.source.{name}"),
        key=f"audit-source-{current_language()}",
    )
    given = _ask_inputs(str(source))
    left, right = st.columns(2)
    names = [info.name for info in model_infos() if info.available]
    chosen_models = left.multiselect(say("audit.models"), names, default=names[:1], key="audit-models")
    chosen_methods = right.multiselect(
        say("audit.methods"),
        list(methods()),
        default=["raw_attention", "attention_gradcam"],
        format_func=lambda name: say_or(f"method.{name}", methods()[name].label),
        help=say("audit.methods_help"),
        key=f"audit-methods-{current_language()}",
    )
    with st.expander(say("audit.more"), icon=":material/tune:"):
        chosen_metrics = st.multiselect(
            say("audit.metrics"),
            list(metrics()),
            default=list(DEFAULTS),
            format_func=_metric_label,
            help=say("audit.metrics_help"),
            key=f"audit-metrics-{current_language()}",
        )
        with st.popover(say("audit.report.meaning"), icon=":material/help:"):
            st.markdown("\n".join(f"- **{metric_name(each)}**: {metric_about(each)}" for each in metrics().values()))
        one, two, three, four = st.columns(4)
        fill = one.selectbox(
            say("audit.fill"),
            FILLS,
            format_func=lambda f: say(f"audit.fill.{f}"),
            help=say("audit.fill_help"),
        )
        steps = two.number_input(say("audit.steps"), 2, 50, 8, help=say("audit.steps_help"))
        seed = three.number_input(say("audit.seed"), 0, 2**31 - 1, 0, help=say("audit.seed_help"))
        limit = four.number_input(say("audit.limit"), 0, None, 0, help=say("audit.limit_help"))
    ready = bool(given and chosen_models and chosen_methods and chosen_metrics)
    if st.button(say("audit.start"), type="primary", icon=":material/play_arrow:", disabled=not ready):
        try:
            settings = Settings(
                tuple(chosen_models),
                tuple(chosen_methods),
                tuple(chosen_metrics),
                fill,
                int(steps),
                int(seed),
                int(limit) or None,
            )
            name, manifest = _save(given)
            entry = audit_jobs().start(name, manifest, settings, current_language())
            st.session_state[PENDING] = entry.id
            st.rerun()
        except InputError as error:
            st.error(plain(say_error(error)), icon=":material/error:")


def _metric_label(name: str) -> str:
    known = metrics()[name]
    return f"{metric_name(known)} · {say(f'audit.family.{known.family}')}"


def _ask_inputs(source: str) -> tuple[str, object, object] | None:
    """Where the rows come from, or None where that is not complete."""
    if source == "demo":
        st.caption(say("audit.demo_about", count=sum(len(sample.texts) - 1 for sample in samples().values())))
        return ("demo", None, None)
    if source == "path":
        written = st.text_input(say("audit.path"), placeholder="/data/manifest.jsonl", help=say("audit.manifest_help"))
        return ("path", written, None) if written.strip() else None
    left, right = st.columns(2)
    manifest = left.file_uploader(say("audit.manifest"), type=["csv", "jsonl"], help=say("audit.manifest_help"))
    photos = right.file_uploader(say("audit.photos"), type=["jpg", "jpeg", "png", "webp"], accept_multiple_files=True)
    return ("upload", manifest, photos) if manifest is not None and photos else None


def _save(given: tuple[str, object, object] | None) -> tuple[str, Path]:
    """The name and manifest of what was given, with uploads in a folder of their own."""
    assert given is not None
    kind, manifest, photos = given
    folder = data_folder() / "uploads" / uuid.uuid4().hex[:12]
    if kind == "path":
        path = from_home(str(manifest).strip())
        return path.name, path
    if kind == "demo":
        rows = [
            {"image": str(ASSETS / "samples" / sample.file), "text": text, "group": sample.name}
            for sample in samples().values()
            for text in sample.texts[:-1]
        ]
        return say("audit.source.demo"), save_rows(folder, rows)
    assert isinstance(photos, list) and hasattr(manifest, "getvalue")
    sent = (manifest.name, manifest.getvalue())  # type: ignore[attr-defined]
    return manifest.name, save_uploads(folder, sent, ((photo.name, photo.getvalue()) for photo in photos))  # type: ignore[attr-defined]
