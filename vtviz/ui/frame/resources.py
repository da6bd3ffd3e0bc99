"""What all visitors share: one engine, the audits and evaluations, and the photos of this moment."""

from __future__ import annotations

import gc
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import streamlit as st

from vtviz.audit.background import AuditJobs
from vtviz.chinese import Language
from vtviz.engine.engine import Engine
from vtviz.engine.remote.choose import shared_engine as given_engine
from vtviz.evaluation.runs.background import EvaluationJobs
from vtviz.jobs.background import Jobs, Limits
from vtviz.jobs.history import History
from vtviz.paths import ASSETS
from vtviz.training.runs.background import TrainingJobs
from vtviz.ui.frame.person.who import is_shared, own_folder

AnyJobs = TypeVar("AnyJobs", bound=Jobs)
KEEP = "VTVIZ_KEEP_DAYS"  # after which what people made is deleted; without it, it stays
LIMITS = {"jobs": "VTVIZ_JOBS", "megabytes": "VTVIZ_MEGABYTES", "uploads": "VTVIZ_UPLOADS"}


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
    texts_zh: tuple[str, ...]
    questions_zh: tuple[str, ...]
    caption: bool = False
    goes_wrong: bool = False

    def texts_in(self, language: Language) -> tuple[str, ...]:
        """The sentences in a language."""
        return self.texts_zh if language == "zh" else self.texts

    def questions_in(self, language: Language) -> tuple[str, ...]:
        """The questions in a language."""
        return self.questions_zh if language == "zh" else self.questions

    def read(self) -> bytes:
        """The photo's file."""
        return (ASSETS / "samples" / self.file).read_bytes()


@st.cache_resource(show_spinner=False)
def shared_engine() -> Engine:
    """The engine of this server."""
    engine = given_engine()
    gc.collect()
    gc.freeze()  # Streamlit collects garbage after every run; without this it walks all of torch each time
    return engine


def audit_jobs() -> AuditJobs:
    """The audits of this person; they use the engine's models, and others are served in between their passes."""
    return _audit_jobs(own_folder(), limits())


@st.cache_resource(show_spinner=False)
def _audit_jobs(folder: Path, limits: Limits | None) -> AuditJobs:
    return _expired(AuditJobs(History(folder), shared_engine().ask, limits))


def limits() -> Limits | None:
    """What one person may have on this server, where there are several."""
    if not is_shared():
        return None
    return Limits(**{name: int(os.environ[variable]) for name, variable in LIMITS.items() if variable in os.environ})


def evaluation_jobs() -> EvaluationJobs:
    """The evaluations of this person, which share the engine in the same way."""
    return _evaluation_jobs(own_folder(), limits())


@st.cache_resource(show_spinner=False)
def _evaluation_jobs(folder: Path, limits: Limits | None) -> EvaluationJobs:
    return _expired(EvaluationJobs(folder, shared_engine().ask, limits))


def training_jobs() -> TrainingJobs:
    """The trainings of this person, each in a process of its own."""
    return _training_jobs(own_folder(), limits())


@st.cache_resource(show_spinner=False)
def _training_jobs(folder: Path, limits: Limits | None) -> TrainingJobs:
    return _expired(TrainingJobs(folder, limits))


def _expired(jobs: AnyJobs) -> AnyJobs:
    """The jobs, without those that are older than the owner of this server keeps them."""
    if os.environ.get(KEEP):
        jobs.history.expire(float(os.environ[KEEP]))
    return jobs


@st.cache_resource(show_spinner=False)
def samples() -> dict[str, Sample]:
    """The packaged photos by name."""
    rows = json.loads((ASSETS / "samples" / "samples.json").read_text(encoding="utf-8"))
    lists = ("texts", "texts_zh", "questions", "questions_zh")
    return {row["name"]: Sample(**{**row, **{name: tuple(row[name]) for name in lists}}) for row in rows}
