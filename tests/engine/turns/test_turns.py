"""Who runs when: people take turns, the newest request of a person replaces the older ones, slow work has its share."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from vtviz.engine import turns
from vtviz.engine.turns import WAITING, Busy, Turns
from vtviz.jobs.lanes import Lane, Turn
from vtviz.watch import Cancelled, Progress, Watch


@pytest.fixture
def engine() -> Iterator[Turns]:
    own = Turns()
    yield own
    own.close()


class Crowd:
    """Asks from threads of their own; keeps in their order what ran and what was refused."""

    def __init__(self, engine: Turns) -> None:
        self.engine, self.got, self.threads = engine, list[str](), list[threading.Thread]()
        self.entered, self.leave = threading.Event(), threading.Event()

    def hold(self) -> None:
        """Keeps the worker busy until ``leave`` is set."""

        def hold() -> None:
            self.entered.set()
            assert self.leave.wait(20)

        self._begin(lambda: self.engine.ask(hold))
        assert self.entered.wait(20)

    def ask(self, name: str, who: str, watch: Watch | None = None) -> None:
        def asked() -> None:
            try:
                self.engine.ask(lambda: self.got.append(name), watch=watch or Watch(who=who))
            except (Busy, Cancelled) as error:
                self.got.append(f"{name}: {type(error).__name__}")

        before = len(self.engine._quick)
        self._begin(asked)
        until(lambda: len(self.engine._quick) != before or bool(self.got))

    def end(self) -> list[str]:
        self.leave.set()
        for thread in self.threads:
            thread.join(20)
        return self.got

    def _begin(self, run: Callable[[], object]) -> None:
        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)


def test_a_lane_serves_one_of_each_person_in_turn() -> None:
    lane, every = Lane(), [Turn(lambda: None, who) for who in ("a", "a", "a", "b", "c", "b")]
    for turn in every:
        lane.add(turn)
    order = sorted(every, key=lane.ahead_of)
    assert len(lane) == 6 and [lane.ahead_of(turn) for turn in order] == [0, 1, 2, 3, 4, 5]
    assert [turn.who for turn in order] == ["a", "b", "c", "a", "b", "a"]
    assert lane.remove(every[1]) and not lane.remove(every[1])
    assert [lane.next() for _ in range(6)] == [every[0], every[3], every[4], every[2], every[5], None]


def test_the_newest_request_of_a_person_replaces_the_one_that_waits_but_not_those_of_others(engine: Turns) -> None:
    crowd = Crowd(engine)
    crowd.hold()
    crowd.ask("other", "b")
    crowd.ask("first", "a")
    before = len(engine._quick)
    crowd._begin(lambda: engine.ask(lambda: crowd.got.append("second"), watch=Watch(who="a")))
    until(lambda: "first: Cancelled" in crowd.got)
    assert len(engine._quick) == before
    assert crowd.end() == ["first: Cancelled", "other", "second"]


def test_what_nobody_wants_any_more_leaves_its_place_at_once(engine: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "QUEUE", 2)
    crowd, gone = Crowd(engine), threading.Event()
    crowd.hold()
    crowd.ask("left", "a", Watch(cancelled=gone.is_set, who="a"))
    with pytest.raises(Busy):
        engine.ask(lambda: None, watch=Watch(who="b"))
    gone.set()
    until(lambda: crowd.got == ["left: Cancelled"])
    crowd.ask("next", "b")
    assert crowd.end() == ["left: Cancelled", "next"]


def test_whoever_waits_hears_how_many_are_ahead(engine: Turns) -> None:
    crowd, heard = Crowd(engine), list[Progress]()
    crowd.hold()
    crowd.ask("first", "a")
    crowd.ask("second", "b", Watch(heard.append, who="b"))
    until(lambda: bool(heard))
    assert heard[0].stage == WAITING and heard[0].total == 1
    assert crowd.end() == ["first", "second"]


def test_slow_work_gets_its_share_under_a_flood_of_quick_work(engine: Turns) -> None:
    steps, end = [0], threading.Event()

    def slow() -> float:
        spent = 0.0
        while not end.is_set():
            began = time.perf_counter()
            time.sleep(0.01)
            spent += time.perf_counter() - began
            steps[0] += 1
            engine.let_pass()
        return spent

    def flood(who: str) -> None:
        while not end.is_set():
            engine.ask(lambda: time.sleep(0.02), watch=Watch(who=who))

    threads = [threading.Thread(target=flood, args=(who,), daemon=True) for who in "abcd"]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    job = engine.start("slow", lambda watch: slow)
    until(lambda: steps[0] > 0)
    time.sleep(6)
    end.set()
    spent = job.future.result(20)
    for thread in threads:
        thread.join(20)
    assert 0.1 < spent / (time.perf_counter() - began) < 0.6


def test_a_person_has_few_slow_places_and_others_have_theirs(engine: Turns) -> None:
    leave, mine = threading.Event(), Watch(who="a")
    jobs = [engine.start(str(number), lambda watch: lambda: leave.wait(20), mine) for number in range(2)]
    with pytest.raises(Busy, match="2 slow requests"):
        engine.start("third", lambda watch: lambda: None, mine)
    other = engine.start("other", lambda watch: lambda: "done", Watch(who="b"))
    assert engine.start("0", lambda watch: lambda: None, Watch(who="b")) is jobs[0]
    leave.set()
    assert other.future.result(20) == "done"


def test_an_error_goes_to_whoever_asked_and_the_worker_goes_on(engine: Turns) -> None:
    for error in (TimeoutError("late"), KeyError("key")):

        def fail(error: Exception = error) -> None:
            raise error

        with pytest.raises(type(error)):
            engine.ask(fail)
    assert engine.ask(lambda: 3) == 3


def test_a_process_ends_though_slow_work_is_on_its_way() -> None:
    code = """
import threading, time
from vtviz.engine.turns import Turns
from vtviz.watch import Watch
turns, begun = Turns(), threading.Event()
def make(watch):
    def run():
        while True:
            begun.set()
            time.sleep(0.05)
            watch.check()
    return run
job = turns.start("slow", make)
waiting = threading.Thread(target=lambda: job.future.exception())
waiting.start()
begun.wait(20)
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
