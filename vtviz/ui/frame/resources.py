"""What all visitors share: one engine, the audits, and the packaged photos."""

from __future__ import annotations

import gc
import json
from dataclasses import dataclass

import streamlit as st

from vtviz.audit.background import AuditJobs
from vtviz.audit.history import History, data_folder
from vtviz.engine.engine import Engine
from vtviz.engine.local import LocalEngine
from vtviz.paths import ASSETS


@dataclass(frozen=True)
class Sample:
    """A packaged photo.

    ``texts`` are sentences to try: one that describes it, the same with one word changed so that it no longer does,
    and one about something else; ``questions`` are those to ask. ``texts_zh`` and ``questions_zh`` say both in Chinese,
    in the same order. ``caption`` says that vtviz-base writes a right caption, and ``goes_wrong`` that it judges the
    first text false.
    """

    name: str
    file: str
    texts: tuple[str, ...]
    questions: tuple[str, ...]
    source: str
    licence: str
    texts_zh: tuple[str, ...] = ()
    questions_zh: tuple[str, ...] = ()
    caption: bool = False
    goes_wrong: bool = False

    def read(self) -> bytes:
        """The photo's file."""
        return (ASSETS / "samples" / self.file).read_bytes()


@st.cache_resource(show_spinner=False)
def shared_engine() -> Engine:
    """The engine of this server."""
    engine = LocalEngine()
    gc.collect()
    gc.freeze()  # Streamlit collects garbage after every run; without this it walks all of torch each time
    return engine


@st.cache_resource(show_spinner=False)
def audit_jobs() -> AuditJobs:
    """The audits of this server; they use the engine's models, and others are served in between their passes."""
    return AuditJobs(History(data_folder()), shared_engine().ask)


@st.cache_resource(show_spinner=False)
def samples() -> dict[str, Sample]:
    """The packaged photos by name."""
    rows = json.loads((ASSETS / "samples" / "samples.json").read_text(encoding="utf-8"))
    lists = ("texts", "texts_zh", "questions", "questions_zh")
    return {row["name"]: Sample(**{**row, **{name: tuple(row[name]) for name in lists}}) for row in rows}
