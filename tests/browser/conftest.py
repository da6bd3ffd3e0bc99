"""A served app and a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocket

from tools.chromium import launched, served

QUIET_MS = 700  # longer than the lens waits before it tells the server what is pinned


class Wire:
    """What a page sends and gets."""

    def __init__(self, page: Page) -> None:
        self.page, self.frames, self.requests = page, 0, 0
        page.on("websocket", self._listen)
        page.on("request", lambda _: self._count("requests"))

    def settle(self) -> tuple[int, int]:
        """Waits until the server is done and nothing is sent or received any more; the frames and requests so far."""
        before = None
        while before != (self.frames, self.requests):
            before = self.frames, self.requests
            self.page.wait_for_timeout(QUIET_MS)
            self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)
        return before

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda _: self._count("frames"))
        socket.on("framereceived", lambda _: self._count("frames"))

    def _count(self, what: str) -> None:
        setattr(self, what, getattr(self, what) + 1)


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
