"""What a person tried on one photo and text before one model, in order, and how to go back."""

from __future__ import annotations

import base64
import binascii
import zlib
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec

from vtviz.inputs import InputError
from vtviz.interventions.changes import Change, as_plain, from_plain

MOST = 16  # trials that are not kept on purpose
MOST_CHANGES = 40  # of one trial
LONGEST = 7_000  # characters of a link's trials: servers refuse addresses of more than 8 kB
UNPACKED, MOST_PATCHES = 1_000_000, 100_000  # bytes, and patches of all changes, of the trials of a link

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
    """The trials as a word for an address; empty where nothing was tried.

    Where they do not fit, the oldest are left out: first of those that are not kept, never those in view.
    """
    seen = [trial for trial in (bench.changes, bench.base) if trial]
    tried = [*bench.tried, *(trial for trial in dict.fromkeys(seen) if trial not in bench.tried)]
    spare = sorted((trial for trial in tried if trial not in seen), key=lambda trial: trial in bench.kept)

    def word(fewer: int) -> str:
        left_out = set(spare[:fewer])
        return _packed(bench, [trial for trial in tried if trial not in left_out])

    whole = word(0)
    if len(whole) <= LONGEST or not spare:
        return whole
    return word(bisect_left(range(len(spare)), True, 1, key=lambda fewer: len(word(fewer)) <= LONGEST))


def _packed(bench: Bench, tried: list[Changes]) -> str:
    """Some trials as a word. Trials share most of their changes: each is written once."""
    if not tried:
        return ""
    changes = list(dict.fromkeys(change for trial in tried for change in trial))
    numbers = {change: number for number, change in enumerate(changes)}
    places = {trial: place for place, trial in enumerate(tried)}
    values = {
        "now": places.get(bench.changes, -1),
        "base": places.get(bench.base, -1),
        "kept": [place for place, trial in enumerate(tried) if trial in bench.kept],
        "changes": [_in_runs(change) for change in as_plain(tuple(changes))],
        "tried": [[numbers[change] for change in trial] for trial in tried],
    }
    return base64.urlsafe_b64encode(zlib.compress(msgspec.json.encode(values), 9)).decode().rstrip("=")


def _in_runs(change: dict[str, Any]) -> dict[str, Any]:
    """A change whose patches are written as runs, ``[first, count]``, in their order."""
    runs = list[list[int]]()
    for patch in change.get("patches") or ():
        if runs and patch == sum(runs[-1]):
            runs[-1][1] += 1
        else:
            runs.append([patch, 1])
    return {**change, "patches": runs} if runs else change


def read(word: str) -> Bench:
    """The trials in a word that ``written`` made.

    Raises:
        InputError: if there are none in it.
    """
    try:
        packed = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
        data = zlib.decompressobj().decompress(packed, UNPACKED)
        found = msgspec.json.decode(data, type=_Written)
        tried = _trials(found)
    except (ValueError, IndexError, binascii.Error, zlib.error, msgspec.MsgspecError) as error:
        raise InputError("The link holds no changes that vtviz knows.") from error
    if any(len(trial) > MOST_CHANGES for trial in tried):
        raise InputError("More than {most} changes at once; undo some.", most=MOST_CHANGES)

    def trial(index: int) -> Changes:
        return tried[index] if 0 <= index < len(tried) else ()

    return Bench(trial(found.now), trial(found.base), tried, {trial(index) for index in found.kept} - {()})


class _Written(msgspec.Struct):
    """``tried`` are numbers of ``changes``; in links of earlier versions, the changes themselves."""

    tried: list[list[Annotated[int, msgspec.Meta(ge=0)] | dict[str, Any]]]
    changes: list[dict[str, Any]] = []
    now: int = -1
    base: int = -1
    kept: list[int] = []


def _trials(found: _Written) -> list[Changes]:
    """The trials that were written. Raises ValueError where they have too many patches, and IndexError where one names
    a change that is not there."""
    patches = 0
    for change in found.changes:
        if "patches" in change:
            runs = msgspec.convert(change["patches"], list[tuple[int, int]])
            patches += sum(max(0, count) for _, count in runs)
            if patches > MOST_PATCHES:
                raise ValueError("more patches than a photo has")
            change["patches"] = [patch for first, count in runs for patch in range(first, first + count)]
    changes = from_plain(found.changes)
    return [
        tuple(changes[item] if isinstance(item, int) else from_plain([item])[0] for item in trial)
        for trial in found.tried
    ]
