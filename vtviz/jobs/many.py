"""The many steps of long work: done one by one here, or side by side on several machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from vtviz.jobs.door import Door
from vtviz.models.base import ModelError
from vtviz.watch import Watch

Task = Callable[[Door, Watch], Any]  # one step; where machines are several it is sent, so it holds only plain data


class Lost(ModelError):
    """A step that was begun several times and never ended: whoever worked at it was gone."""


class Many(Protocol):
    """A way to do many steps."""

    def __call__(self, tasks: Sequence[Task], watch: Watch, /) -> Iterator[Any]:
        """What each task gives, in their order; a Lost, not raised, in the place of one that was lost. What a task
        raises is raised here.

        Raises:
            Cancelled: if ``watch`` says so.
        """


def one_by_one(door: Door) -> Many:
    """Does the tasks in this process, with a door to the models; each is begun once what the last one gave was used."""

    def run(tasks: Sequence[Task], watch: Watch) -> Iterator[Any]:
        for task in tasks:
            watch.check(pause=False)
            yield task(door, watch.quietly())

    return run
