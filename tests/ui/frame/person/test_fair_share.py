"""Who asks without a pause waits, and only while others are there."""

import pytest

from vtviz.ui.frame.person.fair_share import HERE, KEPT, LONGEST, PAUSE, Turns


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def turns(clock: Clock) -> Turns:
    return Turns(clock)


def test_a_session_alone_never_waits(turns: Turns) -> None:
    turns.note("one", 0.1)
    assert turns.wait_of("one") == 0


def test_beside_another_it_waits_in_proportion_to_what_it_took(turns: Turns, clock: Clock) -> None:
    turns.note("other", 0.1)
    turns.note("one", 0.1)
    assert turns.wait_of("one") == pytest.approx(PAUSE * 0.1)
    clock.now += 0.05
    assert turns.wait_of("one") == pytest.approx(PAUSE * 0.1 - 0.05)
    clock.now += 1
    assert turns.wait_of("one") == 0


def test_nobody_waits_for_long_or_for_those_who_left(turns: Turns, clock: Clock) -> None:
    turns.note("other", 0.1)
    turns.note("one", 60.0)
    assert turns.wait_of("one") == LONGEST
    assert turns.wait_of("new") == 0
    clock.now += HERE
    turns.note("one", 60.0)
    assert turns.wait_of("one") == 0


def test_old_sessions_are_forgotten(turns: Turns) -> None:
    for number in range(KEPT + 2):
        turns.note(str(number), 1.0)
    assert turns.wait_of("0") == 0
    assert turns.wait_of(str(KEPT + 1)) == LONGEST
