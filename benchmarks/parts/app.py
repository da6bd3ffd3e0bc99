"""The app over its websocket, without a browser: from the start of the server to the first page and picture, a new
text, and what a session costs in memory."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import psutil

from benchmarks.crowd import Visitor
from benchmarks.measure import Figure
from benchmarks.page import text
from tools.chromium import served
from vtviz.ui.frame.resources import samples

PART = "App"
SESSIONS = 8


def measure(rounds: int) -> Iterator[Figure]:
    """Figures of one server."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "log") as server:
        started = time.perf_counter() - began
        first, turns, grown = asyncio.run(_visits(server.address, server.pid, rounds))
    yield Figure(PART, "server start", started, "s", note="until it answers; one run")
    yield Figure(PART, "first picture", first, "s", note="imports, model and explanation, of the first visit; one run")
    yield Figure(PART, "new text", statistics.median(turns), "s", len(turns), "until the page has its score")
    yield Figure(PART, "memory a session", grown, "MB", SESSIONS, "mean of the sessions that stayed open")


async def _visits(address: str, pid: int, rounds: int) -> tuple[float, list[float], float]:
    """Seconds to the first picture and for each new text, and MiB by which the server grew for a session."""
    process, names = psutil.Process(pid), list(samples())
    began = time.perf_counter()
    async with AsyncExitStack() as open_pages:
        visitor = await open_pages.enter_async_context(Visitor(address, names[0]))
        await visitor.ask()
        first, turns = time.perf_counter() - began, list[float]()
        for index in range(rounds + 1):
            began = time.perf_counter()
            await visitor.ask(text(index))
            turns.append(time.perf_counter() - began)
        before = process.memory_info().rss
        for number in range(SESSIONS):
            other = await open_pages.enter_async_context(Visitor(address, names[number % len(names)]))
            await other.ask()
        grown = (process.memory_info().rss - before) / SESSIONS / 2**20
    return first, turns[1:], grown
