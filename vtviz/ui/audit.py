"""The Audit page: set an audit up, watch it, read its report; earlier ones."""

from __future__ import annotations

import io
import time
import uuid
import zipfile
from datetime import datetime
from functools import partial
from pathlib import Path

import streamlit as st

from vtviz.attribution.masked import FILLS
from vtviz.attribution.registry import methods
from vtviz.audit.history import OPEN, Entry, History, data_folder
from vtviz.audit.jobs import AuditJobs
from vtviz.audit.run import Progress
from vtviz.audit.settings import Settings
from vtviz.audit.uploads import save_rows, save_uploads
from vtviz.inputs import InputError
from vtviz.metrics.registry import DEFAULTS, metrics
from vtviz.models.registry import model_infos
from vtviz.paths import ASSETS
from vtviz.ui.language import current_language, plain, say, say_error, say_or, say_stored
from vtviz.ui.metrics import metric_about, metric_name
from vtviz.ui.resources import samples, shared_engine

SOURCES = ("demo", "upload", "path")
CHOSEN = "audit-chosen"
LOCAL = ("127.0.0.1", "localhost")
POLL = 1.0
ICONS = {
    "waiting": ":material/schedule:",
    "running": ":material/progress_activity:",
    "done": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
    "interrupted": ":material/pause_circle:",
}


@st.cache_resource(show_spinner=False)
def audit_jobs() -> AuditJobs:
    """The audits of this server; they borrow the engine's models, and let other requests in between their passes."""
    engine = shared_engine()
    return AuditJobs(History(data_folder()), partial(engine.use, slow=True), engine.let_pass)


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
            st.session_state[CHOSEN] = entry.id
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
        path = Path(str(manifest).strip()).expanduser()
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


def show_runs() -> None:
    """The list of audits, and the chosen one."""
    entries = audit_jobs().history.all()
    st.subheader(say("audit.runs"))
    if not entries:
        st.info(say("audit.no_runs"), icon=":material/fact_check:")
        return
    numbers = [entry.id for entry in entries]
    if st.session_state.get(CHOSEN) not in numbers:
        st.session_state[CHOSEN] = numbers[0]
    by_number = {entry.id: entry for entry in entries}
    chosen = st.selectbox(say("audit.run"), numbers, format_func=lambda n: _title(by_number[n]), key=CHOSEN)
    show_run(chosen)


def _title(entry: Entry) -> str:
    when = datetime.fromtimestamp(entry.created).strftime("%Y-%m-%d %H:%M")
    return f"{when} · {entry.name} · {say(f'audit.state.{entry.state}')}"


def show_run(number: int) -> None:
    """One audit: how far it is, or its report."""
    entry = audit_jobs().history.get(number)
    if entry is None:
        return
    if entry.state in OPEN:
        _watch(number)
        return
    if entry.state != "done":
        box = st.error if entry.state == "failed" else st.info
        told = (say(f"audit.state.{entry.state}"), plain(say_stored(entry.error)))
        box(": ".join(part for part in told if part), icon=ICONS[entry.state])
        if st.button(say("audit.go_on"), icon=":material/play_arrow:"):
            audit_jobs().go_on(entry, current_language())
            st.rerun()
        return
    from vtviz.ui.audit_report import show_report

    show_report(audit_jobs().history.folder_of(number))


@st.fragment(run_every=POLL)
def _watch(number: int) -> None:
    entry, now = audit_jobs().history.get(number), audit_jobs().progress(number)
    if entry is None or entry.state not in OPEN:
        st.rerun()
        return
    st.progress(now.done / now.total if now and now.total else 0.0, text=_progress_text(now))
    st.caption(say("audit.leave"))
    if st.button(say("audit.cancel"), icon=":material/stop:"):
        audit_jobs().cancel(number)


def _progress_text(now: Progress | None) -> str:
    if now is None:
        return say("audit.state.waiting")
    text = say(f"audit.stage.{now.stage}", done=now.done, total=now.total)
    if now.seconds_left is not None:
        text += " · " + say("audit.left", left=time.strftime("%H:%M:%S", time.gmtime(now.seconds_left)))
    return text + (" · " + say("audit.failed_rows", failed=now.failed) if now.failed else "")


def archive(folder: Path) -> bytes:
    """The files of an audit as a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive_file:
        for name in ("report.html", "report.json", "rows.parquet"):
            archive_file.write(folder / name, name)
    return buffer.getvalue()
