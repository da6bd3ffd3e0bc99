"""Many users at once over real websockets: ``python -m benchmarks.crowd --users 32 --minutes 5``.

Each user writes a sentence of their own about a photo of their own again and again, and checks that the score on the
page is that which the engine gives for this photo and this sentence alone. Prints how many answers came, how many
were mixed up, and how many pages ended with an error in place of waiting; the time to an answer; the server's memory
(RSS), the median of the second minute and of the last, and its highest; and the share of the worker that one more
user's RISE job had beside them: its time alone over its time in the crowd. With ``--flood``, how much longer one user
waits beside another who asks without a pause.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path
from urllib.parse import urlencode

import psutil
import websockets
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.page import text
from tools.chromium import served
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import read_image
from vtviz.ui.frame.resources import samples
from vtviz.ui.frame.scores import Score

TEXTS = 12
PAUSE = (0.5, 2.0)  # seconds in which a person reads
EVERY = 5  # seconds between two looks at the memory
Scores = dict[tuple[str, str], str]  # by photo and sentence
FIELD = "text"  # the key of the field of the sentence
LONGEST = 120.0  # seconds to wait for an answer
SLOW = {"method": "rise", "text": "A cup of coffee"}  # what the user with the job asks for
LONGEST_JOB = 900.0  # seconds
LOOK = 1.0  # seconds between two looks at the job


@dataclass
class Counts:
    """What happened to all users."""

    answers: int = 0
    mixed: int = 0
    refused: int = 0
    failed: int = 0
    seconds: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """How many of each, and the times to an answer."""
        seconds = self.seconds or [float("nan")] * 2
        return {
            "answers": self.answers,
            "mixed": self.mixed,
            "refused": self.refused,
            "failed": self.failed,
            "median_s": round(statistics.median(seconds), 2),
            "p95_s": round(statistics.quantiles(seconds, n=20)[-1], 2),
        }


def memory_figures(sizes: Sequence[float]) -> dict[str, int]:
    """Medians of the second minute and of the last, of sizes in MiB that were taken each ``EVERY`` seconds."""
    minute = 60 // EVERY
    second, last = (statistics.median(part or sizes) for part in (sizes[minute : 2 * minute], sizes[-minute:]))
    return {
        "memory_second_minute_mb": round(second),
        "memory_last_minute_mb": round(last),
        "memory_highest_mb": round(max(sizes)),
        "growth_mb": round(last - second),
    }


@dataclass
class Seen:
    """What a page showed in one run: the score, errors, and the buttons by their labels."""

    score: str = ""
    errors: str = ""
    buttons: dict[str, str] = field(default_factory=dict)


class Visitor:
    """One session of the app, as a browser holds it."""

    def __init__(self, address: str, photo: str, **query: str) -> None:
        self.address, self.photo, self.query, self.field_id = address, photo, query, ""

    async def __aenter__(self) -> Visitor:
        address = self.address.replace("http", "ws", 1) + "/_stcore/stream"
        self.socket = await websockets.connect(address, subprotocols=["streamlit"], max_size=None, origin=self.address)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.socket.close()

    async def ask(self, words: str = "", pressed: str = "") -> Seen:
        """Writes a sentence, or presses the button with an id; what the page shows then."""
        message = BackMsg()
        message.rerun_script.query_string = urlencode({"photo": self.photo, "text": words, **self.query})
        if self.field_id and words:
            state: WidgetState = message.rerun_script.widget_states.widgets.add()
            state.id, state.string_value = self.field_id, words
        if pressed:
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.trigger_value = pressed, True
        await self.socket.send(message.SerializeToString())
        seen, until = Seen(), time.monotonic() + LONGEST
        while True:
            raw = await asyncio.wait_for(self.socket.recv(), until - time.monotonic())
            heard = ForwardMsg.FromString(raw)
            kind = heard.WhichOneof("type")
            if kind == "new_session":
                seen = Seen()  # a run that begins anew shows all of it again
            ended = kind == "script_finished" and heard.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            if ended and (seen.score or seen.errors):
                return seen
            if kind == "delta" and heard.delta.WhichOneof("type") == "new_element":
                self._look_at(heard.delta.new_element, seen)

    def _look_at(self, element: Element, seen: Seen) -> None:
        kind = element.WhichOneof("type")
        if kind == "text_input":
            if element.text_input.id.split("-", 2)[2:] == [FIELD]:  # "$$ID-hash-key"
                self.field_id = element.text_input.id
        elif kind == "metric":
            seen.score = seen.score or element.metric.body  # the answer stands first
        elif kind == "alert" and element.alert.format == Alert.ERROR:
            seen.errors += element.alert.body
        elif kind == "button":
            seen.buttons[element.button.label] = element.button.id

    async def run_slow(self) -> float:
        """Starts the slow method that the address asks for; the seconds until the page shows its map."""
        seen = await self.ask()
        label = next(label for label in seen.buttons if label.startswith("Run "))
        began = time.monotonic()
        seen = await self.ask(pressed=seen.buttons[label])
        while label in seen.buttons or any(name.startswith("Cancel") for name in seen.buttons):
            if seen.errors or time.monotonic() - began > LONGEST_JOB:
                raise RuntimeError(f"the slow job did not end: {seen.errors}")
            await asyncio.sleep(LOOK)
            seen = await self.ask()
        return time.monotonic() - began


def expected() -> Scores:
    """The score that belongs to each photo and sentence."""
    engine, scores = LocalEngine("cpu"), {}
    for name, sample in samples().items():
        image = read_image(sample.read())
        for index in range(TEXTS):
            score = engine.ask(Explain(image, text(index))).score
            scores[name, text(index)] = Score(score).text
    engine.close()
    return scores


async def use(
    visitor: Visitor, until: float, pause: tuple[float, float], scores: Scores, counts: Counts, seed: int
) -> None:
    """One user's session until a moment."""
    rng = random.Random(seed)
    async with visitor:
        while time.monotonic() < until:
            words = text(rng.randrange(TEXTS))
            began = time.monotonic()
            try:
                seen = await visitor.ask(words)
            except (TimeoutError, websockets.WebSocketException):
                counts.failed += 1
                return
            counts.seconds.append(time.monotonic() - began)
            counts.refused += bool(seen.errors)
            counts.answers += bool(seen.score)
            counts.mixed += bool(seen.score) and seen.score != scores[visitor.photo, words]
            await asyncio.sleep(rng.uniform(*pause))


async def crowd(address: str, pid: int, users: int, minutes: float, scores: Scores) -> dict[str, object]:
    """All users at once, and one more with a slow job; what came of it."""
    first = next(iter(samples()))
    async with Visitor(address, first, **SLOW, seed="1") as visitor:
        alone = await visitor.run_slow()
    names, counts, until = list(samples()), Counts(), time.monotonic() + 60 * minutes
    process = psutil.Process(pid)
    sessions = [
        use(Visitor(address, names[index % len(names)]), until, PAUSE, scores, counts, index) for index in range(users)
    ]

    async def memory() -> list[float]:
        sizes = []
        while time.monotonic() < until:
            sizes.append(process.memory_info().rss / 2**20)
            await asyncio.sleep(EVERY)
        return sizes

    async def slow_jobs() -> list[float]:
        """The seconds of one job after the other, the last of which may end after the crowd has left."""
        spent = list[float]()
        while time.monotonic() < until:
            async with Visitor(address, first, **SLOW, seed=str(len(spent) + 2)) as visitor:
                spent.append(await visitor.run_slow())
        return spent

    *_, sizes, slow = await asyncio.gather(*sessions, memory(), slow_jobs())
    return {
        "users": users,
        **counts.figures(),
        **memory_figures(sizes),
        "slow_job_alone_s": round(alone, 1),
        "slow_job_in_the_crowd_s": [round(each, 1) for each in slow],
        "slow_job_share_of_worker": round(alone / max(slow), 3),
    }


async def write_on(address: str, photo: str, seconds: float, pause: tuple[float, float], seed: int) -> list[float]:
    """One user who writes a new sentence each time, so that nothing kept answers it; the seconds to each answer."""
    rng, until, spent = random.Random(seed), time.monotonic() + seconds, list[float]()
    async with Visitor(address, photo) as visitor:
        while time.monotonic() < until:
            began = time.monotonic()
            await visitor.ask(f"{text(len(spent))} {seed} {len(spent)}")
            spent.append(time.monotonic() - began)
            await asyncio.sleep(rng.uniform(*pause))
    return spent


def flood(address: str, photo: str, seconds: float, began: Event) -> None:
    """A user who asks without a pause, in a process of its own: what it has to read must not delay the other one."""
    began.set()
    asyncio.run(write_on(address, photo, seconds, (0.0, 0.0), 0))


def beside_a_flood(address: str, minutes: float) -> dict[str, float]:
    """The median time of one user alone, and beside one who asks without a pause."""
    first, second, *_ = samples()
    seconds, context = 60 * minutes, multiprocessing.get_context("spawn")
    alone = statistics.median(asyncio.run(write_on(address, first, seconds, PAUSE, 1)))
    began = context.Event()
    other = context.Process(target=flood, args=(address, second, seconds, began))
    other.start()
    began.wait()
    beside = statistics.median(asyncio.run(write_on(address, first, seconds, PAUSE, 2)))
    other.join()
    return {"alone_s": round(alone, 3), "flood_s": round(beside, 3), "ratio": round(beside / alone, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, default=32)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--flood", action="store_true", help="one user beside another who asks without a pause")
    arguments = parser.parse_args()
    scores = {} if arguments.flood else expected()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "log") as server:
        if arguments.flood:
            result: dict[str, object] = dict(beside_a_flood(server.address, arguments.minutes))
        else:
            result = asyncio.run(crowd(server.address, server.pid, arguments.users, arguments.minutes, scores))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
