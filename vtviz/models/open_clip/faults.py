"""Whatever goes wrong while a model is looked up or loaded, in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vtviz.errors import UserError
from vtviz.machine import is_out_of_memory
from vtviz.models.base import ModelError
from vtviz.watch import Cancelled

MOST_CHARACTERS = 200


@contextmanager
def faults_told(name: str) -> Iterator[None]:
    """Raises a ModelError for what open_clip and its libraries raise at odd files and configurations; MemoryError where
    memory ran out."""
    try:
        yield
    except (UserError, Cancelled, MemoryError):
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        raise ModelError("{name} cannot be loaded: {reason}.", name=name, reason=first_line(error)) from error


def first_line(error: Exception) -> str:
    """The first line of what an error says, or its kind where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".")[:MOST_CHARACTERS] if lines else type(error).__name__
