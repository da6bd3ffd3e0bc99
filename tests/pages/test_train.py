"""The Train page without a browser."""

import json
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from vtviz.files import CACHE, DATA
from vtviz.paths import PAGES
from vtviz.scenes.compose import write_scenes
from vtviz.training.recurrent.train import RecurrentConfig, train
from vtviz.training.run_files import write_run
from vtviz.ui.frame.resources import training_jobs


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(DATA, str(tmp_path / "data"))
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    st.cache_resource.clear()
    return tmp_path


def page() -> AppTest:
    return AppTest.from_file(str(PAGES / "train.py"), default_timeout=120).run()


def source(app: AppTest) -> Any:
    """The choice of the data."""
    return next(each for each in app.segmented_control if each.label == "Data")


def trained(folder: Path, losses: tuple[str, ...] = ("match", "contrast", "boxes")) -> None:
    """A finished training in the list."""
    if not (folder / "scenes").is_dir():
        write_scenes(folder / "scenes", 24)
    jobs = training_jobs()
    settings = {"data": str(folder / "scenes"), "width": 16, "losses": list(losses)}
    entry = jobs.history.add("small", folder / "scenes", json.dumps(settings))
    small = {"steps": 4, "batch": 4, "check_every": 2, "image_size": 64, "pool": 1, "width": 16}
    config = RecurrentConfig(settings["data"], jobs.history.folder_of(entry.id), losses=losses, **small)  # type: ignore[arg-type]
    train(config)
    jobs.history.mark(entry.id, "done")


def test_a_first_visit_says_what_to_do() -> None:
    app = page()
    assert not app.exception and "No trainings yet" in app.info[0].value
    assert app.button[-1].label == "Start the training" and not app.button[-1].disabled


def test_a_folder_that_is_not_there_gets_one_sentence(folders: Path) -> None:
    app = page()
    source(app).set_value("path").run()
    assert app.button[-1].disabled
    next(field for field in app.text_input if field.label == "Path to the folder").set_value("/no/such/folder").run()
    app.button[-1].click().run()
    assert not app.exception and len(app.error) == 1 and training_jobs().history.all() == []


def test_a_finished_training_shows_its_figures_and_its_checks(folders: Path) -> None:
    trained(folders)
    app = page()
    assert not app.exception and not app.error
    assert {metric.label for metric in app.metric} >= {"AUC", "Pointing", "Time"}
    slider = next(each for each in app.select_slider if each.label == "Step")
    assert slider.options == ["0", "2", "4"] and len(app.session_state["train-maps"]) == 4
    slider.set_value(0).run()
    assert not app.exception and "**Step 0**" in [text.value for text in app.markdown]
    assert len(app.session_state["train-maps"]) == 6


def test_several_trainings_stand_side_by_side(folders: Path) -> None:
    trained(folders)
    assert not page().dataframe
    trained(folders, ("match",))
    table = page().dataframe[0].value
    assert list(table["Losses"]) == ["Match", "Match, Contrast, Boxes"] and list(table["Width"]) == ["16", "16"]
    jobs = training_jobs()
    damaged = jobs.history.add("damaged", folders, json.dumps({"data": "/data"}))
    jobs.history.folder_of(damaged.id).mkdir(parents=True)
    (jobs.history.folder_of(damaged.id) / "run.json").write_text("[1]")
    jobs.history.mark(damaged.id, "done")
    app = page()
    assert not app.exception and len(app.dataframe[0].value) == 2
    assert [each.value for each in app.error] == [r"The file run\.json in 00003 is damaged\."]
    assert any(each.label == "Delete for good" for each in app.button)


def test_vtviz_base_asks_for_its_data_and_its_packages(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtviz.ui.train.base.PACKAGES", ("no_such_package",))
    app = page()
    app.segmented_control[0].set_value("vtviz-base").run()
    assert not app.exception and "requirements-train.txt" in app.warning[0].value and app.button[-1].disabled
    monkeypatch.setattr("vtviz.ui.train.base.PACKAGES", ("json",))
    app.run()
    assert not app.warning and app.button[-1].disabled
    next(field for field in app.text_input if field.label == "Photos and captions").set_value("/data").run()
    assert not app.button[-1].disabled


def test_the_stages_of_a_large_training_have_curves_of_their_own(folders: Path) -> None:
    jobs = training_jobs()
    entry = jobs.history.add("large", folders, json.dumps({"network": "vtviz-base", "data": "/data"}))
    folder = jobs.history.folder_of(entry.id)
    for stage, loss in (("fusion", "distil phrases"), ("heads", "answer pointing")):
        (folder / stage).mkdir(parents=True)
        rows = [{"step": s, f"loss {loss}": 1.0, "rate": 0.1, "steps per second": 2.0, "auc": 0.5} for s in (10, 20)]
        (folder / stage / "history.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_run(folder, {"settings": {}, "figures": {"auc": 0.98}, "seconds": 9.0})
    jobs.history.mark(entry.id, "done")
    app = page()
    stages = next(each for each in app.segmented_control if each.label == "Stage")
    assert not app.exception and stages.value == "heads"
    stages.set_value("fusion").run()
    assert not app.exception and not app.error
