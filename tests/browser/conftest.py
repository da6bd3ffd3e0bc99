"""A served app and a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tools.chromium import launched, served


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("server") / "log") as server:
        yield server.address


@pytest.fixture
def cold_address(tmp_path: Path) -> Iterator[str]:
    """A server that nobody has visited."""
    with served(tmp_path / "log") as server:
        yield server.address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


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
