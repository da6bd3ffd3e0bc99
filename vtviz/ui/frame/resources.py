"""What all visitors share: one engine, the audits and evaluations, and the photos of this moment."""

from __future__ import annotations

import gc
import json
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from vtviz.audit.background import AuditJobs
from vtviz.chinese import Language
from vtviz.engine.engine import Engine
from vtviz.engine.jobs.indexes import IndexJobs
from vtviz.engine.jobs.policies import PolicyJobs
from vtviz.engine.jobs.questions import QuestionJobs
from vtviz.engine.remote.choose import shared_engine as given_engine
from vtviz.evaluation.runs.background import EvaluationJobs
from vtviz.files import data_folder
from vtviz.jobs.history import History
from vtviz.jobs.limits import Limits, UploadRoom, days_kept, given_limits
from vtviz.jobs.retention import keep_expiring
from vtviz.paths import ASSETS
from vtviz.stories.shelf import Shelf
from vtviz.training.runs.background import TrainingJobs
from vtviz.ui.frame.person.who import PEOPLE, is_local, is_shared, own_folder


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
    _begin_retention()
    return _audit_jobs(own_folder(), limits(), not is_local())


@st.cache_resource(show_spinner=False)
def _audit_jobs(folder: Path, limits: Limits | None, confined: bool) -> AuditJobs:
    return AuditJobs(History(folder), shared_engine().ask, limits, confined)


def upload_room() -> UploadRoom:
    """The uploads of this person."""
    return _upload_room(own_folder(), limits())


@st.cache_resource(show_spinner=False)
def _upload_room(folder: Path, limits: Limits | None) -> UploadRoom:
    return UploadRoom(folder, limits)


def limits() -> Limits | None:
    """What one person may have on this server, where there are several. Raises InputError where a variable of the
    environment that says so is no number."""
    if not is_shared():
        return None
    return given_limits()


def evaluation_jobs() -> EvaluationJobs:
    """The evaluations of this person, which share the engine in the same way."""
    _begin_retention()
    return _evaluation_jobs(own_folder(), limits(), not is_local())


@st.cache_resource(show_spinner=False)
def _evaluation_jobs(folder: Path, limits: Limits | None, confined: bool) -> EvaluationJobs:
    return EvaluationJobs(folder, shared_engine().ask, limits, confined)


def training_jobs() -> TrainingJobs:
    """The trainings of this person, each in a process of its own."""
    _begin_retention()
    return _training_jobs(own_folder(), limits(), not is_local())


@st.cache_resource(show_spinner=False)
def _training_jobs(folder: Path, limits: Limits | None, confined: bool) -> TrainingJobs:
    return TrainingJobs(folder, limits, confined)


def index_jobs() -> IndexJobs:
    """The photo folders that this person searches."""
    _begin_retention()
    return _index_jobs(own_folder(), limits(), not is_local())


@st.cache_resource(show_spinner=False)
def _index_jobs(folder: Path, limits: Limits | None, confined: bool) -> IndexJobs:
    return IndexJobs(folder, shared_engine().ask, limits, confined)


def question_jobs() -> QuestionJobs:
    """The questions that this person asked whole folders."""
    _begin_retention()
    return _question_jobs(own_folder(), limits(), not is_local())


@st.cache_resource(show_spinner=False)
def _question_jobs(folder: Path, limits: Limits | None, confined: bool) -> QuestionJobs:
    return QuestionJobs(folder, shared_engine().ask, limits, confined)


def policy_jobs() -> PolicyJobs:
    """The policies that this person measured."""
    _begin_retention()
    return _policy_jobs(own_folder(), limits(), not is_local())


@st.cache_resource(show_spinner=False)
def _policy_jobs(folder: Path, limits: Limits | None, confined: bool) -> PolicyJobs:
    return PolicyJobs(folder, shared_engine().ask, limits, confined)


def story_shelf() -> Shelf:
    """The stories of this person."""
    shelf, days = Shelf(own_folder()), days_kept()
    if days is not None:
        shelf.expire(days)
    return shelf


def _begin_retention() -> None:
    days = days_kept()
    if days is not None:
        _retention(data_folder(), days)


@st.cache_resource(show_spinner=False)
def _retention(data: Path, days: float) -> None:
    """Deletes what is older than the owner of this server keeps it, as long as the server runs."""
    keep_expiring(lambda: (data, *(data / PEOPLE).glob("*")), days)


@st.cache_resource(show_spinner=False)
def samples() -> dict[str, Sample]:
    """The packaged photos by name."""
    rows = json.loads((ASSETS / "samples" / "samples.json").read_text(encoding="utf-8"))
    lists = ("texts", "texts_zh", "questions", "questions_zh")
    return {row["name"]: Sample(**{**row, **{name: tuple(row[name]) for name in lists}}) for row in rows}
