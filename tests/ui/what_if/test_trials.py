"""What was tried, undone, kept and put into a link."""

import base64
import zlib

import pytest

from vtviz.inputs import InputError, Tokens
from vtviz.interventions.changes import Change, Cut, Drop, Hide, Push, Without, from_plain
from vtviz.ui.frame.scores import Score
from vtviz.ui.what_if.pack import Seen, exported
from vtviz.ui.what_if.trials import LONGEST, MOST, Bench, act, read, written

ONE: tuple[Change, ...] = (Hide(patches=(1, 2), fill="mean"),)
TWO: tuple[Change, ...] = (*ONE, Drop(1))
THREE: tuple[Change, ...] = (Without("text→image", 0, 3), Cut(patches=(5,), place=2), Push(patches=(5,), strength=0.25))


def tried(*all_changes: tuple[Change, ...]) -> Bench:
    bench = Bench()
    for changes in all_changes:
        bench.take(changes)
    return bench


def test_changes_become_trials_and_undo_goes_back() -> None:
    bench = tried(ONE, TWO, ONE)
    assert bench.changes == ONE and bench.tried == [ONE, TWO]
    bench.undo()
    assert bench.changes == TWO
    bench.undo()
    bench.undo()
    bench.undo()  # there is nothing left to undo
    assert bench.changes == () and bench.tried == [ONE, TWO]


def test_what_cannot_be_done_is_as_if_it_had_never_been_asked() -> None:
    bench = tried(ONE, THREE)
    bench.refuse()
    assert bench.changes == ONE and bench.tried == [ONE]
    bench.refuse()
    assert bench.changes == () and bench.tried == []


def test_kept_trials_outlast_the_others() -> None:
    bench = tried(ONE)
    bench.keep(ONE)
    for place in range(MOST + 5):
        bench.take((Drop(place),))
    assert ONE in bench.tried and len(bench.tried) <= MOST + 2 and (Drop(0),) not in bench.tried
    bench.keep(ONE)
    bench.take(TWO)
    assert ONE not in bench.tried


def test_the_browser_asks_for_what_there_is() -> None:
    bench = tried(ONE, TWO)
    act(bench, {"do": "change", "changes": [{"change": "drop", "place": 0}]})
    assert bench.changes == (Drop(0),)
    act(bench, {"do": "compare", "trial": 1})
    assert bench.base == TWO
    act(bench, {"do": "compare", "trial": 1})
    assert bench.base == ()
    act(bench, {"do": "open", "trial": 0})
    assert bench.changes == ONE
    act(bench, {"do": "keep", "trial": 0})
    act(bench, {"do": "forget", "trial": 1})
    assert bench.kept == {ONE} and TWO not in bench.tried
    act(bench, {"do": "undo"})
    assert bench.changes == (Drop(0),)
    before = (bench.changes, list(bench.tried))
    for nonsense in ({}, {"do": "open", "trial": 99}, {"do": "open"}, {"do": "explode", "trial": 0}):
        act(bench, nonsense)
    assert (bench.changes, bench.tried) == before
    with pytest.raises(InputError, match="not changes"):
        act(bench, {"do": "change", "changes": [{"change": "explode"}]})
    with pytest.raises(InputError, match="More than 40"):
        act(bench, {"do": "change", "changes": [{"change": "drop", "place": 0}] * 41})


def test_a_link_restores_all_trials() -> None:
    bench = tried(ONE, TWO, THREE)
    bench.keep(TWO)
    bench.compare(ONE)
    again = read(written(bench))
    assert (again.changes, again.base, again.tried, again.kept) == (THREE, ONE, [ONE, TWO, THREE], {TWO})
    assert written(Bench()) == "" and set(written(bench)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


def test_a_link_of_many_trials_can_be_opened_again() -> None:
    bench = Bench()
    for step in range(MOST):  # of a hundred scattered patches each, over those before
        bench.take((*bench.changes, Hide(patches=tuple((7 * patch + step) % 576 for patch in range(100)))))
    again = read(written(bench))
    assert (again.changes, again.tried) == (bench.changes, bench.tried) and len(again.changes) == MOST
    for place in range(40):
        bench.take((Hide(patches=tuple(place * patch**2 % 1369 for patch in range(300))), Drop(place)))
        bench.keep(bench.changes)
    bench.compare(bench.tried[0])
    bench.forget(bench.changes)
    word = written(bench)
    again = read(word)
    assert (again.changes, again.base) == (bench.changes, bench.base) and len(word) <= LONGEST
    assert again.kept and again.kept == bench.kept & set(again.tried) and set(again.tried) - {bench.base} - again.kept


def test_every_trial_is_exported() -> None:
    bench = tried(ONE, TWO)
    bench.keep(ONE)
    sides = Seen("", Score(0.9), Score(0.4), Tokens("a", ("a",), ((0, 1),), (), (0,)), (2.2, -0.4))
    first, second = exported(bench, {ONE: sides, TWO: sides})
    assert (from_plain(first["changes"]), first["kept"], second["kept"]) == (ONE, True, False)
    assert first["after"] == {"value": -0.4, "score": 0.4} and from_plain(second["changes"]) == TWO


def packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(data)).decode().rstrip("=")


BOMBS = [
    packed(b'{"tried": [[0]], "changes": [{"change": "hide", "patches": [[0, 1000000000]]}]}'),
    packed(b'{"tried": [[1]], "changes": [{"change": "drop", "place": 0}]}'),
]


def test_a_link_of_an_earlier_version_still_opens() -> None:
    word = packed(b'{"now": 0, "kept": [0], "tried": [[{"change": "hide", "patches": [1, 2], "fill": "mean"}]]}')
    assert read(word) == Bench(ONE, (), [ONE], {ONE})


@pytest.mark.parametrize(
    "word",
    [
        "!",
        "abc",
        packed(b"no json"),
        packed(b'{"tried": [[{"change": "hide", "fill": "x"}]]}'),
        packed(b"0" * 10**7),
        *BOMBS,
    ],
)
def test_a_link_that_makes_no_sense_is_refused(word: str) -> None:
    with pytest.raises(InputError):
        read(word)
