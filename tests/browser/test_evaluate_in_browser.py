"""The Evaluate page in a real browser, on scores that are made up so that no model has to run for them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tools.chromium import served
from vtviz.evaluation.pairs.read import SAMPLES, read_pairs
from vtviz.evaluation.runs.background import KIND
from vtviz.evaluation.runs.requests import DescribeScorer, Scorer
from vtviz.evaluation.runs.run import run_evaluation
from vtviz.evaluation.runs.settings import Settings
from vtviz.files import DATA
from vtviz.jobs.history import History
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.watch import Watch

BUSY = 60_000  # milliseconds that a change may take on a busy machine


def door(request: Any, watch: Watch) -> Any:
    """Texts about guitars and snow are the only ones that are told apart."""
    if isinstance(request, DescribeScorer):
        return Scorer(DEFAULT_MODEL, "0" * 64, "CPU, 1 thread", "probability", 0.5)
    return tuple(0.2 if "guitar" in text or "snow" in text else 0.7 for text in request.texts)


@pytest.fixture
def page(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The results of an evaluation of two sample photos."""
    history, settings = History(tmp_path, KIND), Settings(limit=2)
    entry = history.add("samples", SAMPLES, json.dumps(settings.to_dict()))
    run_evaluation(read_pairs(SAMPLES, 2), settings, history.folder_of(entry.id), door)
    history.mark(entry.id, "done")
    monkeypatch.setenv(DATA, str(tmp_path))
    with served(tmp_path / "log") as server:
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{server.address}/evaluate")
        page.get_by_role("slider").wait_for(timeout=300_000)
        yield page
        page.close()
        assert not complaints


def test_the_slider_moves_the_figures_and_a_mistake_opens_in_explore(page: Page) -> None:
    accuracy = page.get_by_test_id("stMetric").filter(has_text="Accuracy").get_by_test_id("stMetricValue")
    expect(accuracy).to_have_text("50.0%", timeout=BUSY)  # 4 matches of 12 pairs are right, and both of guitar and snow
    expect(page.locator(".js-plotly-plot")).to_have_count(5, timeout=BUSY)
    page.get_by_role("slider").press("End")
    expect(accuracy).to_have_text("66.7%", timeout=BUSY)  # nothing is a match
    expect(page).to_have_url(re.compile(r"threshold=1$"), timeout=BUSY)
    page.get_by_role("button", name="The model's own").click()
    expect(accuracy).to_have_text("50.0%", timeout=BUSY)
    page.get_by_test_id("stImage").first.scroll_into_view_if_needed()
    expect(page.get_by_text("Threshold", exact=True)).to_be_in_viewport(timeout=BUSY)  # it stays in view
    text = page.get_by_test_id("stImage").first.locator("img").get_attribute("alt")
    page.get_by_role("button", name="Explore", exact=True).first.click()
    expect(page.get_by_role("textbox", name="Text about the photo")).to_have_value(text or "", timeout=300_000)
