"""More requests than the engine takes, and clients that leave before they are answered."""

import asyncio
import io
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.serve.running import running
from vtviz.engine.local import LocalEngine
from vtviz.serve.guard import INSIDE
from vtviz.serve.server import Server
from vtviz.watch import Cancelled, Watch

_file = io.BytesIO()
Image.new("RGB", (64, 48), "teal").save(_file, "PNG")
PHOTO = _file.getvalue()


class HeldEngine:
    """Keeps all who ask waiting until it is let go, or nobody waits any more."""

    def __init__(self) -> None:
        self.inside, self.lock, self.go = 0, threading.Lock(), threading.Event()
        self.people: list[str] = []

    def ask(self, request: Any, watch: Watch | None = None) -> list[Any]:
        with self.lock:
            self.inside += 1
            self.people.append(watch.who if watch else "")
        try:
            while not self.go.wait(0.01):
                if watch is not None and watch.cancelled():
                    raise Cancelled
            return []
        finally:
            with self.lock:
                self.inside -= 1


@pytest.fixture
def held(tiny_engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> HeldEngine:
    made = HeldEngine()
    monkeypatch.setattr(tiny_engine, "ask", made.ask)
    return made


def used(engine: LocalEngine, use: Callable[[httpx.AsyncClient], Awaitable[None]], token: str = "") -> None:
    """Uses a server of an engine as a client of it."""

    async def run() -> None:
        server = Server(engine, token, local=False)
        transport = httpx.ASGITransport(server.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://here", timeout=20) as client:
            await use(client)
        server.close()

    apart(run())


def apart(work: Coroutine[Any, Any, None]) -> None:
    """Runs work in a thread of its own: a browser of other tests may keep a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


async def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come so far")


def test_a_crowd_is_refused_in_time_and_keeps_nobody_else_waiting(held: HeldEngine, tiny_engine: LocalEngine) -> None:
    async def use(client: httpx.AsyncClient) -> None:
        def ask() -> asyncio.Task[httpx.Response]:
            return asyncio.create_task(client.post("/v1/caption", files={"photo": ("a.png", PHOTO)}))

        asked = [ask() for _ in range(INSIDE + 5)]
        await until(lambda: held.inside == INSIDE)
        ready, lists = await asyncio.gather(client.get("/readyz"), client.get("/v1/methods"))
        assert ready.status_code == 503 and lists.status_code == 200  # nothing is loaded
        refused = [task.result() for task in asked if task.done()]
        assert [answer.status_code for answer in refused] == [429] * 5 and refused[0].headers["retry-after"]
        held.go.set()
        statuses = [answer.status_code for answer in await asyncio.gather(*asked)]
        assert sorted(statuses) == [200] * INSIDE + [429] * 5
        assert (await ask()).status_code == 200  # there is room again

    used(tiny_engine, use)


def test_the_work_of_a_client_that_leaves_ends(held: HeldEngine, tiny_engine: LocalEngine) -> None:
    with running(tiny_engine) as address:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{address}/v1/caption", files={"photo": ("a.png", PHOTO)}, timeout=1)
        apart(until(lambda: not held.inside))
    assert held.people and not held.go.is_set()


@pytest.mark.parametrize(("token", "expected"), [("", "api 127.0.0.1"), ("secret", "api ada")])
def test_a_slow_request_belongs_to_the_person_whom_a_known_program_names(
    held: HeldEngine, tiny_engine: LocalEngine, token: str, expected: str
) -> None:
    held.go.set()

    async def use(client: httpx.AsyncClient) -> None:
        headers = {"authorization": f"Bearer {token}", "vtviz-who": "ada"}
        asked = {"text": "a dog", "method": "rise"}
        await client.post("/v1/explain", files={"photo": ("a.png", PHOTO)}, data=asked, headers=headers)

    used(tiny_engine, use, token)
    assert held.people == ["", expected]  # the target is read quickly
