"""The Evaluate page without a browser, with a small untrained network behind it."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from vtviz.engine.cache import Kept
from vtviz.engine.local import Bench
from vtviz.evaluation.runs.background import EvaluationJobs
from vtviz.evaluation.runs.settings import Settings
from vtviz.files import DATA
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.paths import ASSETS
from vtviz.ui.evaluate import compare, loaded, runs, setup
from vtviz.watch import Progress, Watch

PAGE = str(ASSETS.parent / "pages" / "evaluate.py")


@pytest.fixture
def jobs(tiny: VtvizBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EvaluationJobs]:
    bench = Bench("tiny", tiny.device, Kept(32), Kept(1))

    def door(request: Any, watch: Watch) -> Any:
        return request.answer(tiny, bench, watch)

    monkeypatch.setenv(DATA, str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    jobs = EvaluationJobs(tmp_path / "data", door)
    for module in (compare, loaded, runs, setup):
        monkeypatch.setattr(module, "evaluation_jobs", lambda: jobs)
    yield jobs
    jobs.close()


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Six pairs of three photos in two groups."""
    rows = []
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        for label, text in ((1, "a *dog*"), (0, "a skateboarder runs")):
            rows.append({"image": f"{number}.png", "text": text, "label": label, "group": ["pets", "sport"][label]})
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def visit(**query: str) -> AppTest:
    app = AppTest.from_file(PAGE, default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def done(jobs: EvaluationJobs, manifest: Path, model: str = "tiny") -> int:
    """The number of a finished evaluation."""
    entry = jobs.start(f"{model} · pairs", manifest, Settings(model))
    for _ in range(600):
        now = jobs.history.get(entry.id)
        if now is not None and now.state == "done" and jobs.progress(entry.id) is None:
            return entry.id
        time.sleep(0.05)
    raise AssertionError("the evaluation did not end")


def words(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.info, *app.success, *app.error]
    return "\n".join(part.value for part in parts).replace("\\", "")


def test_a_first_visit_is_one_click_away_from_an_example(jobs: EvaluationJobs) -> None:
    app = visit()
    assert not app.exception and "No evaluations yet" in app.info[0].value
    app.number_input(key="evaluate-limit").set_value(2).run()
    next(button for button in app.button if button.label == "Start the evaluation").click().run()
    (entry,) = jobs.history.all()
    assert not app.exception and not app.error and "vtviz-base · Sample photos" in entry.name
    assert app.selectbox(key="evaluate-chosen").value == entry.id


def test_the_threshold_moves_the_figures(jobs: EvaluationJobs, manifest: Path) -> None:
    number = done(jobs, manifest)
    app = visit()
    assert not app.exception and not app.error, words(app)
    assert "6 pairs of 3 photos: 3 matches, 3 mismatches" in words(app)
    before = {metric.label: metric.value for metric in app.metric}
    slider = app.slider(key=f"evaluate-threshold-{number}")
    assert slider.value == 0.5  # the model's own
    began = time.perf_counter()
    slider.set_value(1.0).run()
    assert time.perf_counter() - began < 5
    after = {metric.label: metric.value for metric in app.metric}
    assert after["Accuracy"] == "50.0%" and after["AUC"] == before["AUC"] and after["ECE"] == before["ECE"]
    assert "Wrongly rejected" in words(app) or "Nothing is wrongly accepted" in words(app)
    assert app.query_params["threshold"] == "1" and app.query_params["run"] == str(number)
    app.button(key="evaluate-own").click().run()
    assert app.slider(key=f"evaluate-threshold-{number}").value == 0.5


def test_a_link_brings_an_evaluation_and_its_threshold_back(jobs: EvaluationJobs, manifest: Path) -> None:
    first, second = done(jobs, manifest), done(jobs, manifest, "other")
    app = visit(run=str(first), threshold="0.25")
    assert not app.exception and app.selectbox(key="evaluate-chosen").value == first != second
    assert app.slider(key=f"evaluate-threshold-{first}").value == 0.25
    odd = visit(run="9999", threshold="x")
    assert not odd.exception and odd.selectbox(key="evaluate-chosen").value == second


def open_tab(app: AppTest, name: str) -> AppTest:
    app.session_state["evaluate-tabs"] = name
    return app.run()


def test_a_mistake_opens_in_explore(jobs: EvaluationJobs, manifest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = done(jobs, manifest)
    went: list[str] = []
    monkeypatch.setattr("vtviz.ui.evaluate.mistakes.go_to", went.append)
    app = visit(run=str(number), threshold="0")
    assert "Wrongly accepted" in str(app.segmented_control[0].options) and "a skateboarder runs" in words(app)
    next(button for button in app.button if str(button.key).startswith("evaluate-explore-")).click().run()
    chosen = app.session_state["selection"]
    assert went == ["explore"] and chosen.text == "a skateboarder runs" and chosen.model == "tiny"
    assert len(chosen.photo) == 64


def test_groups_comparison_and_downloads(jobs: EvaluationJobs, manifest: Path) -> None:
    number = done(jobs, manifest)
    app = open_tab(visit(run=str(number)), "Groups")
    assert not app.exception and {"pets", "sport"} <= set(app.dataframe[0].value["Group"])
    app = open_tab(visit(run=str(number)), "Compare")
    assert "Evaluate another model" in words(app)
    done(jobs, manifest, "other")
    app = open_tab(visit(run=str(number)), "Compare")
    assert "The difference in ranking may be chance" in words(app) and "difference 0.000 [0.000, 0.000]" in words(app)
    assert "Right only by tiny: 0 pairs; only by other: 0." in words(app)
    app = open_tab(visit(run=str(number)), "Download")
    assert not app.exception and len(app.get("download_button")) == 3


def test_the_page_speaks_chinese(jobs: EvaluationJobs, manifest: Path) -> None:
    done(jobs, manifest)
    app = visit()
    app.selectbox(key="lang").select("zh").run()
    assert not app.exception and "3 个匹配" in words(app) and "混淆矩阵" in words(app)


def test_a_folder_offers_its_splits_and_a_bad_path_gets_one_sentence(jobs: EvaluationJobs, manifest: Path) -> None:
    app = visit()
    app.segmented_control[0].set_value("path").run()
    path = next(field for field in app.text_input if field.label.startswith("Path"))
    path.set_value(str(manifest.parent)).run()
    assert app.selectbox(key="evaluate-split").value == manifest
    next(field for field in app.text_input if field.label.startswith("Path")).set_value("/none").run()
    assert not app.exception and "There is no folder" in app.error[0].value
    assert next(button for button in app.button if button.label == "Start the evaluation").disabled


def test_an_evaluation_whose_files_are_gone_says_so(jobs: EvaluationJobs, manifest: Path) -> None:
    folder = jobs.history.folder_of(done(jobs, manifest))
    (folder / "scores.parquet").unlink()
    app = visit()
    assert not app.exception and "missing or damaged" in app.error[0].value


def test_the_exercise_counts_what_fits(jobs: EvaluationJobs) -> None:
    app = visit()
    assert "Your table gives 3 of the 6 printed figures. All 2601 possible tables were tried" in words(app)
    app.number_input(key="evaluate-book-tp").set_value(10).run()
    assert "Your table gives 1 of the 6" in words(app)


def test_progress_says_the_pace_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "say", lambda key, **values: f"{key} {values}")
    text = runs.progress_text(Progress("photos", 10, 40, 2, 15.0))
    assert "'pace': '2.0'" in text and "'left': '00:00:15'" in text and "'failed': 2" in text
