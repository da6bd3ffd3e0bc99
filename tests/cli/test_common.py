"""Bars of progress on the terminal."""

import io
import sys
import time

import pytest

from vtviz.cli import common
from vtviz.cli.common import bars


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def is_wiped(shown: str) -> bool:
    """Whether the last thing drawn was blanks over the bar."""
    return not shown.rstrip("\r").rpartition("\r")[2].strip()


def open_terminal(monkeypatch: pytest.MonkeyPatch, delay: float = 0.0) -> Terminal:
    """A terminal as stderr; not a fixture, because pytest sets its own stderr between a fixture and its test."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setattr(common, "DELAY", delay)
    return made


def test_each_stage_has_a_bar_with_failures_and_the_note_of_its_last_step(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = open_terminal(monkeypatch)
    with bars() as watch:
        watch.enter("rows", total=3, done=1)
        time.sleep(0.15)  # tqdm draws ten times a second at most
        watch.advance(failed=1)
        watch.enter("fusion", total=4)
        time.sleep(0.15)
        watch.advance(note="match=0.500")
    shown = terminal.getvalue()
    assert "rows:  67%" in shown and "2/3" in shown and "failed=1" in shown
    assert "fusion:  25%" in shown and "match=0.500" in shown
    assert is_wiped(shown)


def test_quick_work_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = open_terminal(monkeypatch, delay=60.0)
    with bars() as watch:
        for _ in watch.follow("rows", range(100)):
            pass
    assert terminal.getvalue() == ""


def test_nothing_is_shown_without_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common, "DELAY", 0.0)
    with bars() as watch:
        watch.enter("rows", total=3)
        watch.advance(failed=1, note="match=0.500")
    assert capsys.readouterr() == ("", "")


def test_the_bar_goes_when_the_work_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = open_terminal(monkeypatch)
    with pytest.raises(RuntimeError), bars() as watch:
        watch.enter("rows", total=3)
        raise RuntimeError
    assert "rows" in terminal.getvalue() and is_wiped(terminal.getvalue())
