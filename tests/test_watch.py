"""What someone who waits hears, and how they stop the work."""

import time
from collections.abc import Iterator

import pytest

from vtviz.watch import Cancelled, Progress, Watch, as_clock, current_watch, watching


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands at its only element."""
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    return now


@pytest.fixture
def heard() -> list[Progress]:
    return []


def stops_after(calls: int) -> Iterator[bool]:
    yield from [False] * calls
    while True:
        yield True


def test_a_stage_is_told_with_its_counts_and_share(heard: list[Progress]) -> None:
    watch = Watch(heard.append)
    watch.enter("photos", total=4, done=1)
    watch.advance()
    watch.step(4, 4)
    assert [(now.stage, now.done, now.total) for now in heard] == [("photos", 1, 4), ("photos", 2, 4), ("photos", 4, 4)]
    assert [now.share for now in heard] == [0.25, 0.5, 1.0]
    assert Progress("unknown total", done=3).share == 0.0 and Progress(done=5, total=4).share == 1.0


def test_a_new_stage_starts_anew(heard: list[Progress]) -> None:
    watch = Watch(heard.append)
    watch.enter("one", total=2, failed=1)
    watch.advance(2, failed=1, note="loss=0.5")
    assert heard[-1].failed == 2 and heard[-1].note == "loss=0.5"
    watch.enter("two", total=3)
    assert heard[-1] == Progress("two", 0, 3)


def test_a_note_belongs_to_its_step_alone(heard: list[Progress]) -> None:
    watch = Watch(heard.append)
    watch.step(1, 3, note="loss=0.5")
    watch.step(2, 3)
    assert [now.note for now in heard] == ["loss=0.5", ""]


def test_advancing_stops_at_the_total_which_may_grow() -> None:
    watch = Watch()
    watch.enter("passes", total=2)
    watch.advance(5)
    assert watch.now.done == 2
    watch.extend(3)
    watch.advance(2)
    assert (watch.now.done, watch.now.total) == (4, 5)


def test_followed_steps_are_done_once_the_next_is_asked_for(heard: list[Progress]) -> None:
    done = []
    for step in Watch(heard.append).follow("rows", ["a", "b"]):
        done.append((step, heard[-1].done))
    assert done == [("a", 0), ("b", 1)] and heard[-1] == Progress("rows", 2, 2, seconds_left=heard[-1].seconds_left)


def test_the_seconds_left_follow_the_pace_of_this_run(clock: list[float]) -> None:
    watch = Watch()
    watch.enter("rows", total=10, done=4)  # done before: they say nothing about the pace
    assert watch.now.seconds_left is None
    clock[0] += 6.0
    watch.step(7, 10)
    assert watch.now.seconds_left == pytest.approx(6.0)


def test_the_pace_is_measured_anew_where_a_stage_counts_from_the_start_again(clock: list[float]) -> None:
    watch = Watch()
    watch.enter("passes", total=2)
    clock[0] += 100.0
    watch.step(2, 2)
    watch.step(0, 4)
    clock[0] += 1.0
    watch.step(1, 4)
    assert watch.now.seconds_left == pytest.approx(3.0)


def test_the_time_of_each_stage_adds_up(clock: list[float]) -> None:
    watch = Watch()
    for stage, seconds in (("load", 1.0), ("run", 2.0), ("load", 0.5)):
        watch.enter(stage)
        clock[0] += seconds
    assert watch.spent_ms() == pytest.approx({"load": 1500.0, "run": 2000.0})
    clock[0] += 0.25
    assert watch.spent_ms()["load"] == pytest.approx(1750.0), "the stage goes on"


def test_cancelling_stops_the_work_between_steps() -> None:
    answers = stops_after(2)
    watch, done = Watch(cancelled=lambda: next(answers)), []
    with pytest.raises(Cancelled):
        for step in watch.follow("rows", range(5)):
            done.append(step)
    assert done == [0, 1]


@pytest.mark.parametrize("work", [Watch.check, lambda watch: watch.step(0, 1), lambda watch: watch.reach("load", 0, 1)])
def test_cancelling_is_noticed_wherever_the_watch_is_asked(work: object) -> None:
    with pytest.raises(Cancelled):
        work(Watch(cancelled=lambda: True))  # type: ignore[operator]


def test_others_are_let_in_between_steps_but_not_after_the_last() -> None:
    pauses: list[int] = []
    watch = Watch(pause=lambda: pauses.append(watch.now.done))
    for done in range(4):
        watch.step(done, 3)
    watch.step(1, 3, pause=False)
    watch.check(pause=False)
    assert pauses == [0, 1, 2]
    watch.check()
    assert pauses == [0, 1, 2, 1]


def test_a_part_may_be_watched_quietly(heard: list[Progress]) -> None:
    pauses: list[bool] = []
    cancelled = [False]
    watch = Watch(heard.append, lambda: cancelled[0], lambda: pauses.append(True))
    watch.enter("rows", total=2)
    quiet = watch.quietly()
    quiet.step(1, 100)
    assert len(heard) == 1 and watch.now.total == 2 and pauses == [True]
    cancelled[0] = True
    with pytest.raises(Cancelled):
        quiet.step(2, 100)


def test_reaching_enters_a_stage_once_and_lets_nobody_in(heard: list[Progress]) -> None:
    pauses: list[bool] = []
    watch = Watch(heard.append, pause=lambda: pauses.append(True))
    for done in range(3):
        watch.reach("download", done, 2)
    watch.reach("load", 0, 1)
    told = [(now.stage, now.done) for now in heard]
    assert told == [*[("download", done) for done in (0, 0, 1, 2)], ("load", 0), ("load", 0)]
    assert not pauses


def test_the_current_watch_is_that_of_the_innermost_work_and_comes_back_after_failure() -> None:
    outer, inner = Watch(), Watch()
    with watching(outer):
        with pytest.raises(RuntimeError), watching(inner):
            assert current_watch() is inner
            raise RuntimeError
        assert current_watch() is outer
    assert current_watch() not in (outer, inner)
    current_watch().step(0, 1)  # hears nothing, and stops nothing


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-0.5, "00:00:00"),
        (0.9, "00:00:00"),
        (59.9, "00:00:59"),
        (3_661, "01:01:01"),
        (86_399, "23:59:59"),
        (90_000, "25:00:00"),
        (10 * 86_400 + 62, "240:01:02"),
    ],
)
def test_a_duration_is_right_for_days(seconds: float, shown: str) -> None:
    assert as_clock(seconds) == shown
