"""Many programs at once over HTTP: ``python -m benchmarks.server.crowd --users 32 --minutes 5``.

Starts ``vtviz serve``, or takes one at ``--address``. Each user asks for explanations of a photo of their own with
sentences drawn from a list, and checks that what comes is, to the last number, what the engine in this process says of
this photo and this sentence. Prints how many answers came, how many were mixed up, refused (429, asked again as the
answer says) or failed; the time to an answer; and the server's memory (RSS), the median of the second minute and of the
last, and its highest.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import psutil

from benchmarks.crowd import EVERY, LONGEST, PAUSE, TEXTS, Counts, memory_figures
from benchmarks.page import text
from vtviz.engine.export import to_json
from vtviz.engine.local import LocalEngine
from vtviz.engine.remote.choose import TOKEN
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import read_image
from vtviz.ui.frame.resources import samples

START = 120.0  # seconds that the server gets to start
SAME = ("text", "score", "tokens", "maps", "image_map", "grid")  # what does not differ between two equal runs


def digest(explanation: dict[str, Any]) -> str:
    """A name for what an explanation says."""
    said = {name: explanation[name] for name in SAME if name in explanation}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def expected(texts: int) -> dict[tuple[str, str], str]:
    """What belongs to each photo and sentence."""
    engine, found = LocalEngine("cpu"), {}
    for name, sample in samples().items():
        image = read_image(sample.read())
        for index in range(texts):
            found[name, text(index)] = digest(json.loads(to_json(engine.ask(Explain(image, text(index))))))
    engine.close()
    return found


@contextmanager
def served(arguments: list[str], port: int) -> Iterator[tuple[str, int]]:
    """The address and the process of a server of its own, once it is ready."""
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "vtviz", "serve", "--port", str(port), *arguments]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + START
        while True:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{address}/readyz").status_code == 200:
                    break
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the server did not start")
            time.sleep(0.2)
        yield address, server.pid
    finally:
        server.terminate()
        server.wait(60)


async def use(
    client: httpx.AsyncClient, photo: str, until: float, known: dict[tuple[str, str], str], counts: Counts, seed: int
) -> None:
    """One user until a moment."""
    rng, data = random.Random(seed), samples()[photo].read()
    while time.monotonic() < until:
        words = text(rng.randrange(len(known) // len(samples())))
        began = time.monotonic()
        try:
            response = await client.post("/v1/explain", files={"photo": data}, data={"text": words})
        except httpx.HTTPError:
            counts.failed += 1
            continue
        if response.status_code == 429:
            counts.refused += 1
            await asyncio.sleep(float(response.headers["retry-after"]))
            continue
        counts.seconds.append(time.monotonic() - began)
        if response.status_code != 200:
            counts.failed += 1
            continue
        counts.answers += 1
        counts.mixed += digest(response.json()) != known[photo, words]
        await asyncio.sleep(rng.uniform(*PAUSE))


async def crowd(address: str, users: int, minutes: float, known: dict[tuple[str, str], str]) -> Counts:
    """All users at once."""
    counts, until, names = Counts(), time.monotonic() + 60 * minutes, list(samples())
    token = os.environ.get(TOKEN, "")
    headers = {"authorization": f"Bearer {token}"} if token else {}
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=LONGEST, limits=limits) as client:
        await asyncio.gather(
            *(use(client, names[index % len(names)], until, known, counts, index) for index in range(users))
        )
    return counts


async def measured(address: str, pid: int, users: int, minutes: float, texts: int) -> dict[str, object]:
    """What came of it, and how much memory the server took meanwhile."""
    known = expected(texts)
    sizes, server = list[float](), psutil.Process(pid) if pid else None

    async def look() -> None:
        while server is not None:
            own = [server, *server.children(recursive=True)]
            sizes.append(sum(each.memory_info().rss for each in own) / 2**20)
            await asyncio.sleep(EVERY)

    looking = asyncio.create_task(look())
    counts = await crowd(address, users, minutes, known)
    looking.cancel()
    return {
        "users": users,
        "minutes": minutes,
        "answers_per_s": round(counts.answers / (60 * minutes), 2),
        **counts.figures(),
        **(memory_figures(sizes) if sizes else {}),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, default=32)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--texts", type=int, default=TEXTS, help="sentences of each photo; more are kept less often")
    parser.add_argument("--port", type=int, default=8650)
    parser.add_argument("--address", help="a server that runs already; its memory is not looked at")
    parser.add_argument(
        "--serve", nargs="*", default=[], help="options of vtviz serve, without their dashes: ray=local"
    )
    given = parser.parse_args()
    if given.address:
        result = asyncio.run(measured(given.address, 0, given.users, given.minutes, given.texts))
    else:
        options = [part for each in given.serve for part in f"--{each}".split("=", 1)]
        with served(options, given.port) as (address, pid):
            result = asyncio.run(measured(address, pid, given.users, given.minutes, given.texts))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
