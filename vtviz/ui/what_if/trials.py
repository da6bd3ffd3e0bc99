"""What a person tried on one photo and text before one model, in order, and how to go back."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from vtviz.inputs import InputError
from vtviz.interventions.changes import Change, as_plain, from_plain

MOST = 16  # trials that are not kept on purpose
MOST_CHANGES = 40  # of one trial
LONGEST = 100_000  # characters of a link's trials, unpacked

Changes = tuple[Change, ...]


@dataclass
class Bench:
    """``changes`` are those in force, ``base`` those of the trial beside which they are shown (none: the original).
    ``tried`` holds every trial, oldest first, ``kept`` those that are to stay, ``past`` what undo goes back to."""

    changes: Changes = ()
    base: Changes = ()
    tried: list[Changes] = field(default_factory=list)
    kept: set[Changes] = field(default_factory=set)
    past: list[Changes] = field(default_factory=list)

    def take(self, changes: Changes) -> None:
        """Puts other changes in force, which become a trial."""
        if changes == self.changes:
            return
        self.past.append(self.changes)
        self.changes = changes
        if changes and changes not in self.tried:
            self.tried.append(changes)
        passing = [trial for trial in self.tried if trial not in self.kept and trial not in (changes, self.base)]
        for trial in passing[: max(0, len(passing) - MOST)]:
            self.tried.remove(trial)

    def undo(self) -> None:
        """Goes back to the changes before these."""
        if self.past:
            self.changes = self.past.pop()

    def refuse(self) -> None:
        """Takes back what was just tried and cannot be done."""
        refused = self.changes
        self.undo()
        self.tried = [trial for trial in self.tried if trial != refused]
        self.past = [changes for changes in self.past if changes != refused]
        if self.changes == refused:
            self.changes = ()

    def compare(self, trial: Changes) -> None:
        """Shows the changes in force beside a trial, or beside the original again."""
        self.base = () if trial == self.base else trial

    def keep(self, trial: Changes) -> None:
        """Keeps a trial, or lets it go again."""
        self.kept ^= {trial}

    def forget(self, trial: Changes) -> None:
        """Takes a trial off the strip."""
        self.tried = [other for other in self.tried if other != trial]
        self.kept.discard(trial)
        self.base = () if self.base == trial else self.base


def act(bench: Bench, asked: Mapping[str, Any]) -> None:
    """Does what the browser asked for: ``do`` names it, ``changes`` or the index ``trial`` (-1: the original) say with
    what.

    Raises:
        InputError: if these are no changes.
    """
    do, index = asked.get("do"), asked.get("trial")
    if do == "change":
        changes = from_plain(asked.get("changes"))
        if len(changes) > MOST_CHANGES:
            raise InputError("More than {most} changes at once; undo some.", most=MOST_CHANGES)
        bench.take(changes)
    elif do == "undo":
        bench.undo()
    elif isinstance(index, int) and -1 <= index < len(bench.tried):
        trial = () if index == -1 else bench.tried[index]
        if do in _OF_A_TRIAL:
            _OF_A_TRIAL[do](bench, trial)


_OF_A_TRIAL = {"open": Bench.take, "compare": Bench.compare, "keep": Bench.keep, "forget": Bench.forget}


def written(bench: Bench) -> str:
    """The trials as a word for an address; empty where nothing was tried."""
    if not bench.tried:
        return ""
    kept = [index for index, trial in enumerate(bench.tried) if trial in bench.kept]
    places = {trial: index for index, trial in enumerate(bench.tried)}
    values = {
        "now": places.get(bench.changes, -1),
        "base": places.get(bench.base, -1),
        "kept": kept,
        "tried": [as_plain(trial) for trial in bench.tried],
    }
    return base64.urlsafe_b64encode(zlib.compress(msgspec.json.encode(values), 9)).decode().rstrip("=")


def read(word: str) -> Bench:
    """The trials in a word that ``written`` made.

    Raises:
        InputError: if there are none in it.
    """
    try:
        packed = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
        data = zlib.decompressobj().decompress(packed, LONGEST)
        found = msgspec.json.decode(data, type=_Written)
    except (ValueError, binascii.Error, zlib.error, msgspec.MsgspecError) as error:
        raise InputError("The link holds no changes that vtviz knows.") from error
    tried = [from_plain(trial) for trial in found.tried[: 2 * MOST]]
    if any(len(trial) > MOST_CHANGES for trial in tried):
        raise InputError("More than {most} changes at once; undo some.", most=MOST_CHANGES)

    def trial(index: int) -> Changes:
        return tried[index] if 0 <= index < len(tried) else ()

    return Bench(trial(found.now), trial(found.base), tried, {trial(index) for index in found.kept} - {()})


class _Written(msgspec.Struct):
    tried: list[Any]
    now: int = -1
    base: int = -1
    kept: list[int] = []
