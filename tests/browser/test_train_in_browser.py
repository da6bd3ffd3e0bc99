"""A training is paused, left alone and interrupted by the death of the server, and goes on each time."""

import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tools.chromium import served
from vtviz.files import CACHE, DATA
from vtviz.scenes.compose import write_scenes
from vtviz.training.run_files import read_run

SLOW = 180_000


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Scenes to train on, for servers that share their folders."""
    monkeypatch.setenv(DATA, str(tmp_path / "data"))
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    write_scenes(tmp_path / "scenes", 48)
    return tmp_path / "scenes"


def open_page(browser: Browser, address: str) -> Page:
    page = browser.new_page(viewport={"width": 1300, "height": 1100})
    page.goto(f"{address}/train")
    page.get_by_role("heading", name="New training").wait_for(timeout=SLOW)
    return page


def start(page: Page, data: Path) -> None:
    page.get_by_role("radio", name="On this machine").click()
    path = page.get_by_role("textbox", name="Path to the folder")
    path.fill(str(data))
    path.press("Enter")
    page.get_by_role("button", name="Start the training").click()


def test_a_training_survives_a_pause_another_page_and_the_death_of_its_server(
    browser: Browser, data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "trainings" / "00001"
    with served(tmp_path / "log") as server:
        page = open_page(browser, server.address)
        start(page, data)
        page.get_by_role("button", name="Pause").click(timeout=SLOW)
        resume = page.get_by_role("button", name="Resume")
        expect(resume).to_be_visible(timeout=SLOW)
        page.get_by_role("link", name="Explore").click()
        page.locator("#canvas").wait_for(timeout=SLOW)
        page.get_by_test_id("stTopNavSection").filter(has_text="Models").click()
        page.get_by_role("menuitem", name="Train").click()
        resume.click(timeout=SLOW)
        expect(page.get_by_role("button", name="Stop and keep")).to_be_visible(timeout=SLOW)
        os.kill(server.pid, signal.SIGKILL)
        page.close()
    with served(tmp_path / "log") as server:
        page = open_page(browser, server.address)
        page.get_by_role("button", name="Resume").click(timeout=SLOW)
        expect(page.get_by_role("button", name="Use it in Explore")).to_be_visible(timeout=SLOW)
        page.get_by_role("button", name="Use it in Explore").click()
        page.locator("#canvas").wait_for(timeout=SLOW)
        page.close()
    assert read_run(folder)["state"] == "finished"  # with the weights of one left alone: tests/training/runs
