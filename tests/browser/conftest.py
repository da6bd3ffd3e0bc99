"""A served app and a browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from vtviz.paths import ASSETS

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


@contextmanager
def served(log: Path) -> Iterator[str]:
    """The address of a server of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    with log.open("w") as output:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", *options]
        server = subprocess.Popen(command, cwd=ASSETS.parent, stdout=output, stderr=output)
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_until_healthy(address, log)
            yield address
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("server") / "log") as address:
        yield address


@pytest.fixture
def cold_address(tmp_path: Path) -> Iterator[str]:
    """A server that nobody has visited."""
    with served(tmp_path / "log") as address:
        yield address


def _wait_until_healthy(address: str, log: Path) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.25)
    raise RuntimeError(log.read_text())


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The first page with a result; complaints of the console and requests to other machines fail the test."""
    page = browser.new_page(viewport={"width": 1400, "height": 1200})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: (
            complaints.append(request.url)
            if not request.url.startswith((address, "data:", "blob:", address.replace("http", "ws")))
            else None
        ),
    )
    page.goto(address)
    page.locator("#canvas").wait_for(timeout=90_000)
    yield page
    page.close()
    assert not complaints
