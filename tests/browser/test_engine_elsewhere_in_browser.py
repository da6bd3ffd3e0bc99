"""The app with its engine in another process, which is killed in the middle of an audit and comes back."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tools.chromium import served
from vtviz.audit.settings import Settings
from vtviz.files import DATA
from vtviz.jobs.history import History
from vtviz.paths import ASSETS

LONG = "VTVIZ_LONG_TESTS"
BUSY = 120_000  # milliseconds that a step may take on a busy machine
SETTINGS = Settings(methods=("raw_attention",), metrics=("insertion",), probes=1)
ROWS = 8


class Engine:
    """``vtviz serve`` on a port of this machine."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.begin()

    def begin(self) -> None:
        command = [sys.executable, "-m", "vtviz", "serve", "--port", str(self.port), "--device", "cpu"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def wait(self) -> None:
        for _ in range(600):
            assert self.process.poll() is None, "the engine ended"
            try:
                if httpx.get(f"{self.address}/readyz").status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
        raise AssertionError("the engine did not start")


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.kill()


@pytest.mark.skipif(os.environ.get(LONG) != "1", reason=f"takes a minute or more; {LONG}=1 runs it")
def test_an_engine_that_is_killed_costs_no_row_and_pages_work_once_it_is_back(
    engine: Engine, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = sorted((ASSETS / "samples").glob("*.jpg"))[:ROWS]
    (tmp_path / "m.jsonl").write_text(
        "".join(json.dumps({"image": str(photo), "text": f"A {photo.stem}"}) + "\n" for photo in photos)
    )
    history = History(tmp_path)
    entry = history.add("samples", tmp_path / "m.jsonl", json.dumps(SETTINGS.to_dict()))
    history.mark(entry.id, "cancelled")
    monkeypatch.setenv(DATA, str(tmp_path))
    monkeypatch.setenv("VTVIZ_ENGINE", engine.address)
    with served(tmp_path / "log") as server:
        engine.wait()
        audit = browser.new_page()
        audit.goto(f"{server.address}/audit")
        audit.get_by_role("button", name="Resume").dispatch_event("click", timeout=BUSY)
        audit.get_by_text(re.compile("Rows: [1-7] of 8")).wait_for(timeout=BUSY)
        engine.kill()
        page = browser.new_page()
        page.goto(f"{server.address}/explore")
        expect(page.get_by_test_id("stAlert").filter(has_text="does not answer")).to_have_count(1, timeout=BUSY)
        engine.begin()
        engine.wait()
        page.reload()
        page.locator("#canvas").wait_for(timeout=BUSY)
        page.goto(f"{server.address}/describe")
        page.locator("#canvas").wait_for(timeout=BUSY)
        until = time.monotonic() + BUSY / 1000
        while not (report := history.folder_of(entry.id) / "report.json").exists() and time.monotonic() < until:
            time.sleep(0.2)
        audit.get_by_role("button", name="Resume").wait_for(state="detached", timeout=BUSY)
    rows = json.loads(report.read_text())["summary"]["rows"]
    assert rows == {"vtviz-base": {"total": ROWS, "measured": ROWS, "failed": 0}}
