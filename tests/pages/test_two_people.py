"""Two people who are signed in on one server: no page, link or download shows one what is the other's."""

import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from vtviz.audit.background import AuditJobs
from vtviz.audit.report.files import archive, stored_report
from vtviz.audit.settings import Settings
from vtviz.engine.cache import Kept
from vtviz.engine.local import Bench, LocalEngine
from vtviz.engine.run_log import EXPLAIN, RunEntry
from vtviz.evaluation.report.html import to_html
from vtviz.evaluation.runs.background import EvaluationJobs
from vtviz.evaluation.runs.evaluation import read_evaluation
from vtviz.evaluation.runs.export import to_csv, to_json
from vtviz.evaluation.runs.settings import Settings as Scoring
from vtviz.files import DATA
from vtviz.jobs.background import Jobs
from vtviz.jobs.history import UPLOADS, History
from vtviz.models.base import ModelError
from vtviz.models.folders import PLACE
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.paths import PAGES
from vtviz.people.accounts import People
from vtviz.training.runs.background import TrainingJobs
from vtviz.ui.ask import own_models
from vtviz.ui.frame.person import who
from vtviz.ui.frame.resources import shared_engine
from vtviz.watch import Watch

PASSWORD = "correct horse battery"
NAMES = ("ada", "bob", "root")
ALL_PAGES = sorted(file.stem for file in PAGES.glob("*.py"))


@dataclass(frozen=True)
class Theirs:
    """What one person made: numbers of their jobs, an uploaded photo, a trained model."""

    name: str
    folder: Path
    audit: int
    evaluation: int
    training: int
    photo: str
    model: str

    @property
    def secrets(self) -> list[str]:
        """Words that stand in whatever is theirs alone."""
        return [f"{self.name}secret", self.folder.name, self.photo[:12]]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, tiny: VtvizBase) -> Iterator[dict[str, Theirs]]:
    """A server that is open to a network, on which Ada and Bob have made something of everything."""
    root = tmp_path_factory.mktemp("server")
    patch = pytest.MonkeyPatch()
    patch.setenv(DATA, str(root))
    patch.setattr(who, "LOOPBACK", ())
    st.cache_resource.clear()
    for name in NAMES:
        People(root).add(name, PASSWORD, "administrator" if name == "root" else "person")
    bench = Bench("tiny", tiny.device, Kept(8), Kept(1))

    def door(request: Any, watch: Watch) -> Any:
        return request.answer(tiny, bench, watch)

    yield {name: make(name, door) for name in NAMES[:2]}
    patch.undo()
    st.cache_resource.clear()


def make(name: str, door: Any) -> Theirs:
    folder = who.folder_of(name)
    upload, secret = folder / UPLOADS / "one", f"{name}secret"
    upload.mkdir(parents=True)
    rows = []
    for number in range(3):
        pixels = np.random.default_rng([number, len(name), ord(name[0])]).integers(0, 255, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(upload / f"{secret}{number}.png")
        for label, text in ((1, f"a dog {secret}"), (0, f"a skateboarder {secret}")):
            rows.append({"image": f"{secret}{number}.png", "text": text, "label": label, "group": secret})
    (upload / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    audits, evaluations = AuditJobs(History(folder), door, confined=True), EvaluationJobs(folder, door, confined=True)
    settings = Settings(("tiny",), ("raw_attention",), metrics=("coverage",), probes=0)
    audit = audits.start(f"{secret} audit", upload / "manifest.jsonl", settings)
    evaluation = evaluations.start(f"{secret} evaluation", upload / "manifest.jsonl", Scoring("tiny"))
    for jobs, entry in ((audits, audit), (evaluations, evaluation)):
        wait_for(jobs, entry.id)
        jobs.close()
    trainings = TrainingJobs(folder)
    training = trainings.history.add(f"{secret} training", Path("scenes"), json.dumps({"data": "scenes"}))
    place = trainings.history.folder_of(training.id)
    place.mkdir(parents=True)
    run = {"settings": {"width": 16, "epochs": 1, "losses": ["match"]}, "refused": [f"{secret}.png: it is missing"]}
    (place / "run.json").write_text(json.dumps({**run, "seconds": 3, "best": {"auc": 0.5}}))
    for file in ("model.safetensors", "config.json", "vocabulary.json"):
        (place / file).write_bytes(b"{}")
    trainings.history.mark(training.id, "done")
    model = trainings.model_of(training)
    trainings.close()
    photo = (upload / f"{secret}0.png").read_bytes()
    sha256 = hashlib.sha256(photo).hexdigest()
    return Theirs(name, folder, audit.id, evaluation.id, training.id, sha256, model)


def wait_for(jobs: Jobs, number: int) -> None:
    for _ in range(1200):
        entry = jobs.history.get(number)
        if entry is not None and entry.state == "done":
            return
        assert entry is not None and entry.state in ("waiting", "running"), entry
        time.sleep(0.05)
    raise AssertionError("the job did not end")


def visit(page: str, name: str, **query: str) -> AppTest:
    """A page as a person sees it who has signed in, first opened by a link."""
    app = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=120)
    for key, value in query.items():
        app.query_params[key.replace("__", ".")] = value
    app.run()
    app.text_input[0].set_value(name)
    app.text_input[1].set_value(PASSWORD)
    return app.button[0].click().run()


def sent(app: AppTest) -> str:
    """All that a page sends to the browser, and what the session keeps."""
    parts = [str(getattr(node, "proto", "")) for node in app._tree]
    return "\n".join(parts).replace("\\\\", "").replace("\u2060", "")


def nothing_of(other: Theirs, app: AppTest) -> None:
    assert not app.exception
    shown = sent(app)
    assert len(shown) > 500 and [secret for secret in other.secrets if secret in shown] == []


@pytest.mark.parametrize("page", ALL_PAGES)
def test_no_page_shows_what_is_anothers(data: dict[str, Theirs], page: str) -> None:
    nothing_of(data["ada"], visit(page, "bob"))


@pytest.mark.parametrize("page", ["audit", "evaluate", "train"])
def test_a_page_shows_what_is_ones_own(data: dict[str, Theirs], page: str) -> None:
    app = visit(page, "ada")
    assert not app.exception and not app.error and data["ada"].secrets[0] in sent(app)
    nothing_of(data["bob"], app)


def test_no_link_opens_what_is_anothers(data: dict[str, Theirs]) -> None:
    ada, bob = data["ada"], data["bob"]
    history = History(bob.folder, "evaluations")
    for number in (ada.evaluation, 2, 10**9 - 1):
        nothing_of(ada, visit("evaluate", "bob", run=str(number), threshold="0.3"))
    assert [entry.id for entry in history.all()] == [bob.evaluation]
    for page in ("explore", "compare", "describe", "learn"):
        query = {"photo": ada.photo, "text": "a dog", "model": ada.model, "a__photo": ada.photo, "a__model": ada.model}
        app = visit(page, "bob", **query, b__model=ada.model, part="network", task="caption")
        assert not app.exception
        shown = sent(app).replace(ada.photo[:12], "")  # which the link itself says
        assert [secret for secret in (ada.secrets[0], ada.folder.name) if secret in shown] == []


def test_whose_model_it_is_says_no_more_than_that_it_is_not_ones_own(
    data: dict[str, Theirs], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PLACE, raising=False)
    monkeypatch.setattr(own_models, "signed_in", lambda: "bob")
    own_models.check_own_models([data["bob"].model, "vtviz-base"])
    told = set()
    for model in (data["ada"].model, f"{data['ada'].model}9", "open_clip:auto@/etc", "vtviz-base@/none"):
        with pytest.raises(ModelError) as caught:
            own_models.check_own_models(["vtviz-base", model])
        told.add(str(caught.value))
    assert len(told) == 1


def test_a_download_is_made_of_ones_own_files_alone(data: dict[str, Theirs]) -> None:
    for name, other in (("ada", "bob"), ("bob", "ada")):
        own = data[name]
        audit = History(own.folder).folder_of(own.audit)
        evaluation = read_evaluation(History(own.folder, "evaluations").folder_of(own.evaluation))
        made = [json.dumps(stored_report(audit)), (audit / "report.html").read_text(encoding="utf-8")]
        made += [to_html(evaluation, 0.5), to_csv(evaluation, 0.5).decode(), to_json(evaluation, 0.5).decode()]
        assert archive(audit) and all(f"{other}secret" not in text for text in made)
        assert f"{name}secret" in made[0] and f"{name}secret" in made[3]


def test_the_log_of_the_engine_names_nobodys_files(data: dict[str, Theirs]) -> None:
    engine = shared_engine()
    assert isinstance(engine, LocalEngine)
    entry = RunEntry(time.time(), EXPLAIN, "0" * 64, data["ada"].model, "raw_attention", 1.0, 0, 100.0)
    engine.runs._add(entry)
    app = visit("monitor", "bob")
    assert not app.exception
    nothing_of(data["ada"], app)
    models = [str(model) for frame in app.dataframe for model in frame.value["Model"]]
    assert "vtviz-recurrent@…" in models and not [model for model in models if "/" in model]


def test_an_administrator_sees_sizes_and_no_contents(data: dict[str, Theirs]) -> None:
    app = visit("privacy", "root")
    assert not app.exception
    sizes = app.dataframe[0].value
    assert {"ada", "bob"} <= set(sizes.iloc[:, 0]) and all(float(size) >= 0 for size in sizes.iloc[:, 1])
    assert "secret" not in sent(app)
    assert not visit("privacy", "ada").dataframe
    for page in ("audit", "evaluate", "train", "monitor"):
        app = visit(page, "root")
        assert not app.exception and "secret" not in sent(app)


def test_who_signs_in_next_finds_nothing_of_the_person_before(data: dict[str, Theirs]) -> None:
    app = visit("audit", "ada")
    app.session_state["selection"] = "adasecret"
    who._sessions().leave(app.session_state["_vtviz_visitor"])  # her time is up
    app.run()
    assert [field.label for field in app.text_input] == ["Name", "Password"]
    before = app.session_state["_vtviz_visitor"]
    app.text_input[0].set_value("bob")
    app.text_input[1].set_value(PASSWORD)
    app.button[0].click().run()
    assert "selection" not in app.session_state and app.session_state["_vtviz_visitor"] != before
    nothing_of(data["ada"], app)


def test_whoever_is_removed_or_gets_another_password_is_out_at_once(data: dict[str, Theirs]) -> None:
    people = People(who.data_folder())
    people.add("eve", PASSWORD)
    app = visit("privacy", "eve")
    assert app.title[0].value
    people.add("eve", f"{PASSWORD}!")
    app.run()
    assert not app.title and len(app.text_input) == 2
    people.remove("eve")
    app.text_input[0].set_value("eve")
    app.text_input[1].set_value(f"{PASSWORD}!")
    app.button[0].click().run()
    assert "do not belong together" in app.error[0].value


def test_the_files_are_for_the_server_alone(data: dict[str, Theirs]) -> None:
    visit("audit", "ada")  # after which whatever is written is for nobody else
    for name in NAMES:
        assert (who.folder_of(name).stat().st_mode & 0o077) == 0
    fresh = who.folder_of("new person")
    assert fresh.stat().st_mode & 0o077 == 0 and re.fullmatch("[0-9a-f]{24}", fresh.name)
